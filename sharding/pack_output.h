// What an earlier pack left in the output folder, and what of it can stay.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/container.h"
#include "sharding/shard_plan.h"

namespace ringmaster::sharding {

// A finished shard that stays.
struct KeptShard {
  shard::ShardSummary summary;
  std::vector<std::uint32_t> labels;    // of its records
  std::vector<std::uint32_t> left_out;  // items of the plan that it lacks (--bad drop)
};

// Reads the whole shard at `path`. Empty where there is none, or where it is damaged (`why` says
// how): it will be written again. Error{kInvalidArgument} where it is a sound shard of another data
// set.
[[nodiscard]] std::optional<KeptShard> examine_shard(FileSystem& files, shard::Container container,
                                                     const std::string& path,
                                                     const shard::ShardIdentity& identity,
                                                     const PlannedShard& plan,
                                                     const SourceSplit& split, std::string& why);

// Error{kInvalidArgument} naming a shard in `folder` that the plan doesn't have.
void refuse_strange_shards(FileSystem& files, const std::string& folder,
                           const std::vector<PlannedShard>& plan);

// Removes shards under their temporary names, which a killed pack left behind.
void remove_unfinished(FileSystem& files, const std::string& folder);

// Removes manifest, parts' files and shards, finished or not, and nothing else. The manifest goes
// first.
void remove_data_set(FileSystem& files, const std::string& folder);

// Error{kIo} with both numbers where the disk of `folder` has less room than the shards need.
void require_space(FileSystem& files, const std::string& folder, std::uint64_t needed_bytes);

// About what a shard will take on disk, from above.
[[nodiscard]] std::uint64_t estimated_bytes(const PlannedShard& shard, const SourceSplit& split);

}  // namespace ringmaster::sharding
