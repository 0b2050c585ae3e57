// Which image goes into which shard: pure functions of source, seed and options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shard/container.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// How many shards a split gets.
struct ShardRule {
  std::int64_t shards =
      0;                   // of "train"; other splits get shards of about the same size. 0: by size
  std::int64_t ranks = 0;  // make every split's count a multiple of this, so that ranks can be
                           // dealt whole shards. 0: any count
  // Without `shards`. Larger: fewer files; smaller: finer shares for ranks and less to repeat after
  // an interruption.
  std::uint64_t shard_bytes = std::uint64_t{256} << 20;
};

struct PlannedShard {
  std::size_t split = 0;             // into Source::splits()
  std::uint32_t index = 0;           // within the split
  std::string name;                  // file name
  std::vector<std::uint32_t> items;  // of the split, in the order of the records
  std::uint64_t payload_bytes = 0;   // as listed
};

struct PlanOptions {
  ShardRule rule;
  std::uint64_t seed = 0;
  std::int64_t subset_per_class = 0;  // at most so many images of a class in a split; 0: all
  shard::Container container = shard::Container::kRecord;  // decides the names
};

// 0 .. count - 1 in random order: Fisher-Yates (Durstenfeld, CACM 7 (1964), algorithm 235) with
// Philox numbers of (seed, split).
[[nodiscard]] std::vector<std::uint32_t> mixed_order(std::uint32_t count, std::uint64_t seed,
                                                     std::uint64_t split);

// The shards of every split, in order: each split mixed and cut into runs of equal length (+-1).
// Error{kInvalidArgument} for more shards than images.
[[nodiscard]] std::vector<PlannedShard> plan_shards(const Source& source,
                                                    const PlanOptions& options);

// A run of items of one shard, [begin, end) of PlannedShard::items: what one worker takes at a
// time.
struct WorkUnit {
  std::size_t shard = 0;  // into the plan
  std::size_t begin = 0, end = 0;
  std::uint64_t bytes = 0;  // as listed
};

// Cuts a shard, number `shard_number` of the plan, into units of up to 256 images and 4 MiB: large
// enough that handing them over costs little, small enough that a budget holds several.
[[nodiscard]] std::vector<WorkUnit> cut_units(const PlannedShard& shard, std::size_t shard_number,
                                              const SourceSplit& split);

}  // namespace ringmaster::sharding
