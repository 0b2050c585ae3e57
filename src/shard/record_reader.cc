#include "shard/record_reader.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/hash.h"
#include "shard/little_endian.h"

namespace ringmaster::shard {

// Everything between payloads and trailer, with its sections by kind.
struct RecordReader::Tables {
  std::uint64_t at_bytes = 0;
  std::vector<std::byte> bytes;
  std::map<std::uint32_t, SectionEntry> sections;

  [[nodiscard]] SectionEntry entry(SectionKind kind) const {
    return sections.at(static_cast<std::uint32_t>(kind));
  }
  [[nodiscard]] std::span<const std::byte> section(SectionKind kind) const {
    const SectionEntry& found = entry(kind);
    return std::span(bytes).subspan(found.offset_bytes - at_bytes, found.size_bytes);
  }
};

RecordReader::RecordReader(FileSystem& files, std::string path)
    : path_(std::move(path)), file_(files.open(path_)) {
  const std::uint64_t size = file_->size_bytes();
  RM_REQUIRE(size >= 2 * kBlockBytes, ErrorKind::kBadData, path_, " has ", size,
             " bytes, fewer than the smallest shard: it is truncated");
  Block header, trailer;
  file_->read_at(0, header);
  identity_ = decode_header(header, path_);
  file_->read_at(size - kBlockBytes, trailer);
  trailer_ = decode_trailer(trailer, path_);
  index_hash_ = hex64(stored_hash(trailer));
  RM_REQUIRE(trailer_.file_bytes == size, ErrorKind::kBadData, path_, " has ", size,
             " bytes, its trailer says ", trailer_.file_bytes);
  RM_REQUIRE(trailer_.header_hash == stored_hash(header), ErrorKind::kBadData, path_,
             ": header and trailer are of different shards");
  const Tables tables = read_tables();
  take_offsets(tables);
  take_records(tables);
  check_padding();
}

RecordReader::Tables RecordReader::read_tables() {
  Tables tables;
  tables.at_bytes = trailer_.tables_offset_bytes;
  const std::uint64_t end = trailer_.file_bytes - kBlockBytes;
  RM_REQUIRE(tables.at_bytes >= kBlockBytes && tables.at_bytes <= end &&
                 tables.at_bytes % kBlockBytes == 0,
             ErrorKind::kBadData, path_, ": tables offset is ", tables.at_bytes,
             ", which is not a multiple of 64 between header and trailer");
  const std::uint64_t size = end - tables.at_bytes;
  RM_REQUIRE(size <= kMaxTablesBytes, ErrorKind::kBadData, path_, ": tables of ", size,
             " bytes, more than the ", kMaxTablesBytes, " that a shard may have");
  RM_REQUIRE(trailer_.sections <= kMaxSections && trailer_.sections * kSectionEntryBytes <= size,
             ErrorKind::kBadData, path_, ": section count is ", trailer_.sections);
  tables.bytes.resize(size);
  file_->read_at(tables.at_bytes, tables.bytes);
  RM_REQUIRE(xxh3_64(tables.bytes) == trailer_.tables_hash, ErrorKind::kBadData, path_,
             ": the tables' hash does not fit their bytes: the shard is damaged");
  for (std::uint32_t i = 0; i < trailer_.sections; ++i) {
    const SectionEntry entry = decode_section(
        std::span(tables.bytes).subspan(i * kSectionEntryBytes).first<kSectionEntryBytes>());
    RM_REQUIRE(entry.offset_bytes >= tables.at_bytes && entry.offset_bytes <= end &&
                   entry.size_bytes <= end - entry.offset_bytes,
               ErrorKind::kBadData, path_, ": section ", entry.kind, " lies outside of the tables");
    const bool known = entry.kind >= 1 && entry.kind <= 3;
    RM_REQUIRE(known || (entry.kind & kIgnorableSection) != 0, ErrorKind::kBadData, path_,
               ": section ", entry.kind, " is not known: a newer program wrote this shard");
    RM_REQUIRE(tables.sections.emplace(entry.kind, entry).second, ErrorKind::kBadData, path_,
               ": section ", entry.kind, " occurs twice");
  }
  for (std::uint32_t kind = 1; kind <= 3; ++kind) {
    RM_REQUIRE(tables.sections.contains(kind), ErrorKind::kBadData, path_, ": section ", kind,
               " is missing");
  }
  records_section_ = tables.entry(SectionKind::kRecords);
  names_section_ = tables.entry(SectionKind::kNames);
  return tables;
}

void RecordReader::take_offsets(const Tables& tables) {
  const auto offsets = tables.section(SectionKind::kOffsets);
  // First the count against bytes that exist, so that nothing overflows or allocates too much.
  RM_REQUIRE(trailer_.records < kMaxTablesBytes / sizeof(std::uint64_t) &&
                 offsets.size() == (trailer_.records + 1) * sizeof(std::uint64_t),
             ErrorKind::kBadData, path_, ": the table of offsets has ", offsets.size(),
             " bytes, which does not fit ", trailer_.records, " records");
  rows_.resize(trailer_.records);
  std::uint64_t begin = load_le_at<std::uint64_t>(offsets, 0);
  RM_REQUIRE(begin == kBlockBytes, ErrorKind::kBadData, path_, ": record 0 begins at byte ", begin,
             ", not at ", kBlockBytes);
  for (std::uint64_t i = 0; i < trailer_.records; ++i) {
    const auto end = load_le_at<std::uint64_t>(offsets, (i + 1) * sizeof(std::uint64_t));
    RM_REQUIRE(end > begin && end <= tables.at_bytes && end - begin <= kMaxPayloadBytes,
               ErrorKind::kBadData, path_, " record ", i, ": bytes ", begin, " to ", end,
               " can't be a payload");
    rows_[i].offset_bytes = begin;
    begin = end;
  }
  payloads_end_bytes_ = begin;
  RM_REQUIRE(tables.at_bytes - begin < kBlockBytes, ErrorKind::kBadData, path_,
             ": payloads end at byte ", begin, ", tables begin at ", tables.at_bytes);
}

void RecordReader::take_records(const Tables& tables) {
  const auto records = tables.section(SectionKind::kRecords);
  RM_REQUIRE(records.size() == rows_.size() * kRecordEntryBytes, ErrorKind::kBadData, path_,
             ": the table of records has ", records.size(), " bytes, which does not fit ",
             rows_.size(), " records");
  std::uint64_t name_at = 0;
  for (std::uint64_t i = 0; i < rows_.size(); ++i) {
    const RecordEntry entry =
        decode_record(records.subspan(i * kRecordEntryBytes).first<kRecordEntryBytes>(), path_, i);
    RM_REQUIRE(
        entry.name_offset_bytes >= name_at && entry.name_offset_bytes <= names_section_.size_bytes,
        ErrorKind::kBadData, path_, " record ", i, ": its name begins at byte ",
        entry.name_offset_bytes, " of ", names_section_.size_bytes);
    name_at = entry.name_offset_bytes;
    Row& row = rows_[i];
    row = {row.offset_bytes, entry.payload_hash, entry.label,   entry.width,
           entry.height,     entry.codec,        entry.channels};
    // kMaxSide squared, times 4, is below 2^64.
    const std::uint64_t raw_bytes = std::uint64_t{row.width} * row.height * row.channels;
    RM_REQUIRE(row.codec != Codec::kRaw8 || size_of(i) == raw_bytes, ErrorKind::kBadData, path_,
               " record ", i, ": ", size_of(i), " bytes of raw pixels for ", row.width, " x ",
               row.height, " x ", int{row.channels});
  }
}

void RecordReader::check_padding() const {
  std::vector<std::byte> zeros(trailer_.tables_offset_bytes - payloads_end_bytes_);
  file_->read_at(payloads_end_bytes_, zeros);
  RM_REQUIRE(std::all_of(zeros.begin(), zeros.end(), [](std::byte b) { return b == std::byte{0}; }),
             ErrorKind::kBadData, path_, ": the padding before the tables is not zero");
}

std::uint64_t RecordReader::size_of(std::uint64_t record) const {
  const bool last = record + 1 == rows_.size();
  return (last ? payloads_end_bytes_ : rows_[record + 1].offset_bytes) - rows_[record].offset_bytes;
}

RecordInfo RecordReader::info(std::uint64_t record) const {
  RM_CHECK_LT(record, rows_.size());
  const Row& row = rows_[record];
  return {.codec = row.codec,
          .label = row.label,
          .width = row.width,
          .height = row.height,
          .channels = row.channels,
          .size_bytes = size_of(record),
          .hash = row.payload_hash};
}

void RecordReader::read(std::uint64_t record, Record& out) const {
  out.info = info(record);
  read_payload(*file_, path_, record,
               {rows_[record].offset_bytes, out.info.size_bytes, out.info.hash}, out.payload);
}

std::string RecordReader::name(std::uint64_t record) const {
  RM_CHECK_LT(record, rows_.size());
  const auto begin_of = [&](std::uint64_t i) {
    std::array<std::byte, kRecordEntryBytes> entry;
    file_->read_at(records_section_.offset_bytes + i * kRecordEntryBytes, entry);
    return decode_record(entry, path_, i).name_offset_bytes;
  };
  const std::uint64_t begin = begin_of(record);
  const std::uint64_t end =
      record + 1 == rows_.size() ? names_section_.size_bytes : begin_of(record + 1);
  // The tables were sound when the shard was opened; a file that changes under us must not hurt.
  RM_REQUIRE(begin <= end && end <= names_section_.size_bytes, ErrorKind::kBadData, path_,
             " record ", record, ": the name changed while the shard was open");
  std::string name(end - begin, '\0');
  file_->read_at(names_section_.offset_bytes + begin, std::as_writable_bytes(std::span(name)));
  return name;
}

}  // namespace ringmaster::shard
