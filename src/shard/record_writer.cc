#include "shard/record_writer.h"

#include "base/check.h"
#include "shard/little_endian.h"

namespace ringmaster::shard {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kSections = 3;

}  // namespace

RecordWriter::RecordWriter(FileSystem& files, std::string path, const ShardIdentity& identity)
    : files_(files), path_(std::move(path)), temporary_(path_ + ".tmp") {
  const Block header = encode_header(identity);
  header_hash_ = stored_hash(header);
  file_ = files_.create(temporary_);
  buffer_.reserve(kBufferBytes);
  append(header);
  offsets_.push_back(at_bytes_);
}

RecordWriter::~RecordWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  try {
    files_.remove(temporary_);
  } catch (const Error&) {
    // An unfinished file under its temporary name is never read; the next pack replaces it.
  }
}

void RecordWriter::append(std::span<const std::byte> data) {
  hasher_.update(data);
  at_bytes_ += data.size();
  if (buffer_.size() + data.size() > kBufferBytes) {
    file_->append(buffer_);
    buffer_.clear();
  }
  if (data.size() >= kBufferBytes) {
    file_->append(data);
  } else {
    buffer_.insert(buffer_.end(), data.begin(), data.end());
  }
}

void RecordWriter::append_zeros(std::uint64_t count) {
  append(std::vector<std::byte>(count));
}

void RecordWriter::add(const RecordInfo& info, const std::string& name,
                       std::span<const std::byte> payload) {
  RM_CHECK(!payload.empty() && payload.size() <= kMaxPayloadBytes, name);
  append(payload);
  offsets_.push_back(at_bytes_);
  records_.push_back({info.codec, static_cast<std::uint8_t>(info.channels), info.label, info.width,
                      info.height, xxh3_64(payload), names_.size()});
  names_ += name;
}

// The section entries, then the sections one after the other. Offsets and records keep multiples
// of 8; the names, of any length, come last.
std::vector<std::byte> RecordWriter::tables() const {
  std::vector<std::byte> offsets, records(records_.size() * kRecordEntryBytes);
  for (const std::uint64_t offset : offsets_) append_le(offsets, offset);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    encode_record(records_[i],
                  std::span(records).subspan(i * kRecordEntryBytes).first<kRecordEntryBytes>());
  }
  std::vector<std::byte> out(kSections * kSectionEntryBytes);
  std::size_t section = 0;
  const auto add = [&](SectionKind kind, std::span<const std::byte> data) {
    encode_section(
        {static_cast<std::uint32_t>(kind), at_bytes_ + out.size(), data.size()},
        std::span(out).subspan(section++ * kSectionEntryBytes).first<kSectionEntryBytes>());
    out.insert(out.end(), data.begin(), data.end());
  };
  add(SectionKind::kOffsets, offsets);
  add(SectionKind::kRecords, records);
  add(SectionKind::kNames, std::as_bytes(std::span(names_)));
  RM_CHECK_EQ(section, kSections);
  out.resize(out.size() + padding(out.size(), kBlockBytes));
  return out;
}

ShardSummary RecordWriter::finish() {
  append_zeros(padding(at_bytes_, kBlockBytes));
  const std::vector<std::byte> tables = this->tables();
  RM_REQUIRE(tables.size() <= kMaxTablesBytes, ErrorKind::kInvalidArgument, path_,
             " would have tables of ", tables.size(), " bytes: ask for more shards");
  ShardTrailer trailer{.records = records_.size(),
                       .file_bytes = at_bytes_ + tables.size() + kBlockBytes,
                       .tables_offset_bytes = at_bytes_,
                       .sections = kSections,
                       .tables_hash = xxh3_64(tables),
                       .header_hash = header_hash_};
  append(tables);
  const Block block = encode_trailer(trailer);
  append(block);
  file_->append(buffer_);
  file_->sync();
  file_->close();
  files_.rename(temporary_, path_);
  file_.reset();
  files_.sync_dir(parent_path(path_));
  return {records_.size(), at_bytes_, hasher_.hex128(), hex64(stored_hash(block))};
}

}  // namespace ringmaster::shard
