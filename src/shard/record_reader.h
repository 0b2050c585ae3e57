// Reads one `record` shard by positional reads. Nothing in the file is trusted before it is
// checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/dataset.h"
#include "shard/shard_format.h"
#include "shard/shard_reader.h"

namespace ringmaster::shard {

// 40 bytes of memory a record; `files` is used by the constructor only.
class RecordReader final : public ShardReader {
 public:
  // Opens `path` and checks header, trailer and tables (sizes, hashes, every row); the payloads are
  // checked when they are read. Error{kIo} where it can't be opened, Error{kBadData} naming path
  // and field where it is not a sound shard.
  RecordReader(FileSystem& files, std::string path);

  const std::string& path() const override { return path_; }
  const ShardIdentity& identity() const override { return identity_; }
  std::uint64_t records() const override { return rows_.size(); }
  std::uint64_t file_bytes() const override { return trailer_.file_bytes; }
  const std::string& index_hash() const override { return index_hash_; }
  RecordInfo info(std::uint64_t record) const override;
  void read(std::uint64_t record, Record& out) const override;
  std::string name(std::uint64_t record) const override;

 private:
  struct Row {
    std::uint64_t offset_bytes, payload_hash;
    std::uint32_t label, width, height;
    Codec codec;
    std::uint8_t channels;
  };
  struct Tables;

  [[nodiscard]] Tables read_tables();
  void take_offsets(const Tables& tables);
  void take_records(const Tables& tables);
  void check_padding() const;
  [[nodiscard]] std::uint64_t size_of(std::uint64_t record) const;

  std::string path_;
  std::unique_ptr<ReadableFile> file_;
  ShardIdentity identity_;
  ShardTrailer trailer_;
  std::string index_hash_;
  std::vector<Row> rows_;
  std::uint64_t payloads_end_bytes_ = 0;
  SectionEntry records_section_, names_section_;
};

}  // namespace ringmaster::shard
