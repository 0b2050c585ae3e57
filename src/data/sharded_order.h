// order = sharded: who reads which shard, and in which order of samples. Pure arithmetic.
//
// A rank reads only the shards of its *lanes*, so that a node needs only those (stage.h). A lane is
// a share of the shards that is fixed for the run: shards are dealt to lanes by a permutation of
// the seed. In each epoch a lane's shards follow each other in a new order, and samples are
// shuffled exactly within windows of that sequence: a lane reads about a window's worth of
// neighbouring bytes at a time. Every shard is a random sample of the classes already (pack mixes
// them).
#pragma once

#include <cstdint>
#include <vector>

namespace ringmaster::data {

class ShardedOrder {
 public:
  // `shard_sizes`: samples of every shard, by index. `window`: samples that are shuffled together.
  // REQUIRES: 1 <= lanes, lanes divides the number of shards, window >= 1.
  ShardedOrder(std::vector<std::int64_t> shard_sizes, std::int64_t lanes, std::int64_t window,
               std::uint64_t seed);

  [[nodiscard]] std::int64_t lanes() const {
    return static_cast<std::int64_t>(lane_shards_.size());
  }
  // Samples of the lane with the fewest: what every lane can give in an epoch.
  [[nodiscard]] std::int64_t shortest_lane() const;
  // Indices of a lane's shards.
  [[nodiscard]] const std::vector<std::int64_t>& shards_of(std::int64_t lane) const {
    return lane_shards_.at(static_cast<std::size_t>(lane));
  }
  // Appends the samples at positions [first, first + count) of a lane's sequence in `epoch`.
  // REQUIRES: first + count <= the lane's samples.
  void append(std::int64_t epoch, std::int64_t lane, std::int64_t first, std::int64_t count,
              std::vector<std::int64_t>& samples) const;

 private:
  // A lane's shards in the order of `epoch`.
  [[nodiscard]] std::vector<std::int64_t> order_of(std::int64_t epoch, std::int64_t lane) const;
  [[nodiscard]] std::int64_t samples_of(std::int64_t lane) const;

  std::vector<std::int64_t> shard_begins_;  // first sample of each shard; one more: the end
  std::vector<std::vector<std::int64_t>> lane_shards_;
  std::int64_t window_;
  std::uint64_t seed_;
};

}  // namespace ringmaster::data
