#include "shard/hdf5_reader.h"

#include "base/check.h"
#include "base/hash.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {

Hdf5Reader::Hdf5Reader(FileSystem& files, std::string path)
    : path_(std::move(path)), file_(files.open(path_)) {
  read_user_block();
  // Before the library sees any of it.
  RM_REQUIRE(hash_rest(*file_, fields_.images, fields_.file_bytes) == fields_.rest_hash,
             ErrorKind::kBadData, path_,
             ": the tables' hash does not fit their bytes: the shard is damaged, or another "
             "program has written to it");
  content_ = read_hdf5(path_, fields_.records, fields_.file_bytes - fields_.images.size_bytes);
  RM_REQUIRE(content_.images == fields_.images, ErrorKind::kBadData, path_,
             ": the data set images has ", content_.images.size_bytes, " bytes at ",
             content_.images.offset_bytes, ", the user block says ", fields_.images.size_bytes,
             " at ", fields_.images.offset_bytes);
  RM_REQUIRE(content_.names.end_bytes() <= fields_.file_bytes, ErrorKind::kBadData, path_,
             ": the names lie outside of the file");
  check_rows();
}

void Hdf5Reader::read_user_block() {
  const std::uint64_t size = file_->size_bytes();
  RM_REQUIRE(size > kUserBlockBytes, ErrorKind::kBadData, path_, " has ", size,
             " bytes, fewer than the smallest shard: it is truncated");
  UserBlock block;
  file_->read_at(0, block);
  fields_ = decode_user_block(block, path_);
  index_hash_ = hex64(stored_hash(block));
  RM_REQUIRE(fields_.file_bytes == size, ErrorKind::kBadData, path_, " has ", size,
             " bytes, its user block says ", fields_.file_bytes,
             ": it is truncated, or another program has rewritten it");
  const Place& images = fields_.images;
  const bool inside = images.size_bytes == 0
                          ? images.offset_bytes == 0
                          : images.offset_bytes >= kUserBlockBytes && images.offset_bytes <= size &&
                                images.size_bytes <= size - images.offset_bytes;
  RM_REQUIRE(inside, ErrorKind::kBadData, path_, ": images at ", images.offset_bytes, ", ",
             images.size_bytes, " bytes, lie outside of the file");
  if (images.size_bytes == 0) fields_.images = {};
  RM_REQUIRE(size - images.size_bytes <= kMaxTablesBytes, ErrorKind::kBadData, path_,
             ": tables of ", size - images.size_bytes, " bytes, more than the ", kMaxTablesBytes,
             " that a shard may have");
  RM_REQUIRE(fields_.records < kMaxTablesBytes / sizeof(std::uint64_t), ErrorKind::kBadData, path_,
             ": record count is ", fields_.records);
}

void Hdf5Reader::check_rows() const {
  const Hdf5Tables& tables = content_.tables;
  RM_REQUIRE(tables.offsets.front() == 0 && tables.offsets.back() == fields_.images.size_bytes,
             ErrorKind::kBadData, path_, ": offsets run from ", tables.offsets.front(), " to ",
             tables.offsets.back(), ", not from 0 to ", fields_.images.size_bytes);
  for (std::uint64_t i = 0; i < fields_.records; ++i) {
    const std::uint64_t begin = tables.offsets[i], end = tables.offsets[i + 1];
    RM_REQUIRE(end > begin && end <= fields_.images.size_bytes && end - begin <= kMaxPayloadBytes,
               ErrorKind::kBadData, path_, " record ", i, ": bytes ", begin, " to ", end,
               " can't be a payload");
    check_record_entry(tables.codecs[i], tables.channels[i], tables.widths[i], tables.heights[i],
                       path_, i);
    const std::uint64_t raw_bytes =
        std::uint64_t{tables.widths[i]} * tables.heights[i] * tables.channels[i];
    RM_REQUIRE(static_cast<Codec>(tables.codecs[i]) != Codec::kRaw8 || end - begin == raw_bytes,
               ErrorKind::kBadData, path_, " record ", i, ": ", end - begin,
               " bytes of raw pixels for ", tables.widths[i], " x ", tables.heights[i], " x ",
               int{tables.channels[i]});
  }
}

RecordInfo Hdf5Reader::info(std::uint64_t record) const {
  RM_CHECK_LT(record, fields_.records);
  const Hdf5Tables& tables = content_.tables;
  return {.codec = static_cast<Codec>(tables.codecs[record]),
          .label = tables.labels[record],
          .width = tables.widths[record],
          .height = tables.heights[record],
          .channels = tables.channels[record],
          .size_bytes = tables.offsets[record + 1] - tables.offsets[record],
          .hash = tables.hashes[record]};
}

void Hdf5Reader::read(std::uint64_t record, Record& out) const {
  out.info = info(record);
  read_payload(*file_, path_, record,
               {fields_.images.offset_bytes + content_.tables.offsets[record], out.info.size_bytes,
                out.info.hash},
               out.payload);
}

std::string Hdf5Reader::name(std::uint64_t record) const {
  RM_CHECK_LT(record, fields_.records);
  std::string name(content_.name_bytes, '\0');
  file_->read_at(content_.names.offset_bytes + record * content_.name_bytes,
                 std::as_writable_bytes(std::span(name)));
  const std::size_t end = name.find_last_not_of('\0');
  name.resize(end == std::string::npos ? 0 : end + 1);
  return name;
}

}  // namespace ringmaster::shard
