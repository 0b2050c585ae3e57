// One shard as its readers see it, whatever the container.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "shard/dataset.h"

namespace ringmaster::shard {

// Where a shard belongs.
struct ShardIdentity {
  std::string data_set;     // 32 lower-case hex digits, the same in every shard of a data set
  std::string split;        // 1 .. 16 bytes
  std::uint32_t index = 0;  // within the split
  bool operator==(const ShardIdentity&) const = default;
};

// Any number of threads at once. Opening one (open_shard_file() in container.h) checks everything
// but the payloads; those are checked each time they are read.
class ShardReader {
 public:
  virtual ~ShardReader() = default;
  [[nodiscard]] virtual const std::string& path() const = 0;
  [[nodiscard]] virtual const ShardIdentity& identity() const = 0;
  [[nodiscard]] virtual std::uint64_t records() const = 0;
  [[nodiscard]] virtual std::uint64_t file_bytes() const = 0;
  // 16 hex digits that stand for every byte of the file.
  [[nodiscard]] virtual const std::string& index_hash() const = 0;

  // REQUIRES of these three: record < records().
  [[nodiscard]] virtual RecordInfo info(std::uint64_t record) const = 0;
  // Error{kBadData} where the payload's hash is not that of the tables.
  virtual void read(std::uint64_t record, Record& out) const = 0;
  // The source's name, read from the file.
  [[nodiscard]] virtual std::string name(std::uint64_t record) const = 0;
};

// One row of a shard's tables, with where its payload lies.
struct PayloadRow {
  std::uint64_t offset_bytes = 0, size_bytes = 0, hash = 0;
};

// Reads the payload of `record` into `out` and checks its hash. Error{kBadData} names `path` and
// record. What every container's read() does.
void read_payload(const ReadableFile& file, const std::string& path, std::uint64_t record,
                  const PayloadRow& row, std::vector<std::byte>& out);

// XXH3-128 of a whole file, 32 hex digits: the hash that the manifest has of each shard.
[[nodiscard]] std::string hash_file(FileSystem& files, const std::string& path);

}  // namespace ringmaster::shard
