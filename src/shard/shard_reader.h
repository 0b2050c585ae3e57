// Reads one record shard by positional reads. Nothing in the file is trusted before it is checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/dataset.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {

// Any number of threads at once. 32 bytes of memory a record; `files` is used by the constructor
// only.
class ShardReader {
 public:
  // Opens `path` and checks header, trailer and tables (sizes, hashes, every row); the payloads are
  // checked when they are read. Error{kIo} where it can't be opened, Error{kBadData} naming path
  // and field where it is not a sound shard.
  ShardReader(FileSystem& files, std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const ShardIdentity& identity() const { return identity_; }
  [[nodiscard]] std::uint64_t records() const { return rows_.size(); }
  [[nodiscard]] std::uint64_t file_bytes() const { return trailer_.file_bytes; }
  [[nodiscard]] const std::string& index_hash() const { return index_hash_; }  // 16 hex digits

  // REQUIRES of these three: record < records().
  [[nodiscard]] RecordInfo info(std::uint64_t record) const;
  // Error{kBadData} where the payload's hash is not that of the tables.
  void read(std::uint64_t record, Record& out) const;
  // The source's name, read from the file.
  [[nodiscard]] std::string name(std::uint64_t record) const;

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

// XXH3-128 of a whole file, 32 hex digits: the hash that the manifest has of each shard.
[[nodiscard]] std::string hash_file(FileSystem& files, const std::string& path);

}  // namespace ringmaster::shard
