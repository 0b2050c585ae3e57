// Reads one `hdf5` shard. The HDF5 library is asked once, when the shard is opened, where things
// are; records are then read by positional reads like those of a `record` shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/hdf5_file.h"
#include "shard/hdf5_user_block.h"
#include "shard/shard_reader.h"

namespace ringmaster::shard {

// About 34 bytes of memory a record; `files` is used by the constructor only. `path` must be one
// that the HDF5 library can open, too.
class Hdf5Reader final : public ShardReader {
 public:
  Hdf5Reader(FileSystem& files, std::string path);

  const std::string& path() const override { return path_; }
  const ShardIdentity& identity() const override { return fields_.identity; }
  std::uint64_t records() const override { return fields_.records; }
  std::uint64_t file_bytes() const override { return fields_.file_bytes; }
  const std::string& index_hash() const override { return index_hash_; }
  RecordInfo info(std::uint64_t record) const override;
  void read(std::uint64_t record, Record& out) const override;
  std::string name(std::uint64_t record) const override;

 private:
  void read_user_block();
  void check_rows() const;

  std::string path_;
  std::unique_ptr<ReadableFile> file_;
  UserBlockFields fields_;
  std::string index_hash_;
  Hdf5Content content_;
};

}  // namespace ringmaster::shard
