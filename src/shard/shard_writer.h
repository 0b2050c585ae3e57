// One shard as its writers see it, whatever the container.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "shard/dataset.h"

namespace ringmaster::shard {

// What the manifest says of a finished shard.
struct ShardSummary {
  std::uint64_t records = 0;
  std::uint64_t file_bytes = 0;
  std::string hash;        // XXH3-128 of the file, 32 hex digits
  std::string index_hash;  // 16 hex digits that stand for the whole file too
  bool operator==(const ShardSummary&) const = default;
};

// One thread. The file has temporary names until finish(); a writer that is dropped before that, or
// whose add() or finish() threw, removes them. So the shard's name is complete whenever it exists.
// Made by make_shard_writer() (container.h).
class ShardWriter {
 public:
  virtual ~ShardWriter() = default;
  // Of `info` codec, label, width, height and channels are stored; size and hash are those of
  // `payload`, which must not be empty. `name` says where the record came from, for people.
  virtual void add(const RecordInfo& info, const std::string& name,
                   std::span<const std::byte> payload) = 0;
  // Completes the file, syncs, renames, syncs the folder. At most once; nothing after it.
  [[nodiscard]] virtual ShardSummary finish() = 0;
};

}  // namespace ringmaster::shard
