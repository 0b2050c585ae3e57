// Writes one record shard, front to back in one pass, with memory for its tables only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "shard/dataset.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {

// What the manifest says of a finished shard.
struct ShardSummary {
  std::uint64_t records = 0;
  std::uint64_t file_bytes = 0;
  std::string hash;        // XXH3-128 of the file, 32 hex digits
  std::string index_hash;  // the trailer's hash, 16 hex digits: stands for the whole file too
  bool operator==(const ShardSummary&) const = default;
};

// One thread. `files` must outlive it. The file has the name `path` + ".tmp" until finish(); a
// writer that is dropped before that, or whose add() or finish() threw, removes it. So `path` is
// complete whenever it exists.
class ShardWriter {
 public:
  ShardWriter(FileSystem& files, std::string path, const ShardIdentity& identity);
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  // Of `info` codec, label, width, height and channels are stored; size and hash are those of
  // `payload`, which must not be empty. `name` says where the record came from, for people.
  void add(const RecordInfo& info, const std::string& name, std::span<const std::byte> payload);
  // Writes tables and trailer, syncs, renames, syncs the folder. At most once; nothing after it.
  [[nodiscard]] ShardSummary finish();

 private:
  void append(std::span<const std::byte> data);
  void append_zeros(std::uint64_t count);
  [[nodiscard]] std::vector<std::byte> tables() const;

  FileSystem& files_;
  std::string path_, temporary_;
  std::uint64_t header_hash_ = 0;
  std::unique_ptr<WritableFile> file_;
  Hasher hasher_;
  std::vector<std::byte> buffer_;  // small records are gathered into writes of about 1 MiB
  std::uint64_t at_bytes_ = 0;
  std::vector<std::uint64_t> offsets_;  // where each payload begins, and where the last one ends
  std::vector<RecordEntry> records_;
  std::string names_;
};

}  // namespace ringmaster::shard
