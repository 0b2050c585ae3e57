// Who sees which sample when: pure arithmetic, the same on every rank.
//
// Vocabulary: epoch -> step (one global batch, one optimiser step) -> rank -> micro-batch (one
// forward and backward; a rank makes `micro_batches` of them a step and adds up their gradients).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/sharded_order.h"

namespace ringmaster::data {

struct EpochPlanOptions {
  std::int64_t samples = 0;
  std::int64_t global_batch = 256;  // samples a step, over all ranks and micro-batches
  int ranks = 1;
  int micro_batches = 1;
  std::uint64_t seed = 0;
  // order = sharded: samples of every shard, which add up to `samples`. Empty: order = global.
  std::vector<std::int64_t> shard_sizes;
  std::int64_t window = 16384;  // order = sharded: samples of a lane that are shuffled together
};

// Training. order = global: each epoch is a new permutation of all samples; step s takes its
// samples [s * global_batch, (s + 1) * global_batch), whatever the number of ranks, and every rank
// and micro-batch takes a contiguous slice of them: put together in rank order they are the same
// ids in the same order. The samples % global_batch at the end of an epoch's permutation are not
// seen in that epoch (others in each), so that every step is of the same size.
//
// order = sharded: the shards are dealt to lanes (sharded_order.h), as many as divide both
// global_batch and the number of shards: the greatest common divisor. Each lane gives an equal
// share of every global batch, lane after lane, and a rank's slice of the batch is that of whole
// lanes. So here too a step's samples do not depend on the number of ranks; it must divide the
// lanes. An epoch has as many steps as the shortest lane can serve.
class EpochPlan {
 public:
  // Error{kInvalidArgument}: global_batch does not divide by ranks * micro_batches (the message has
  // the nearest that do), is more than `samples`, the lanes do not divide by ranks, or something is
  // not positive.
  explicit EpochPlan(const EpochPlanOptions& options);

  [[nodiscard]] const EpochPlanOptions& options() const { return options_; }
  [[nodiscard]] std::int64_t steps_per_epoch() const { return steps_; }
  // Samples of one rank in one forward.
  [[nodiscard]] std::int64_t micro_batch_size() const {
    return options_.global_batch / (options_.ranks * options_.micro_batches);
  }
  // REQUIRES: epoch >= 0, and the others within their counts.
  [[nodiscard]] std::vector<std::int64_t> sample_ids(std::int64_t epoch, std::int64_t step,
                                                     int rank, int micro) const;
  // Indices of the shards that `rank` reads from, ascending; empty with order = global: all.
  [[nodiscard]] std::vector<std::int64_t> shards_of(int rank) const;

 private:
  void deal_shards();
  [[nodiscard]] std::vector<std::int64_t> sharded_ids(std::int64_t epoch, std::int64_t step,
                                                      std::int64_t from) const;

  EpochPlanOptions options_;
  std::int64_t steps_ = 0;
  std::optional<ShardedOrder> sharded_;
};

// Evaluation: batch b holds the samples [b * batch, (b + 1) * batch), the last one what is left;
// every sample is in one batch and every batch on one rank. Ranks take contiguous runs of whole
// batches that differ in length by one at most, so that a batch, and the loss of it, is the same on
// any number of ranks.
class EvalPlan {
 public:
  // Error{kInvalidArgument} where something is not positive. More ranks than batches are fine: some
  // then have none.
  EvalPlan(std::int64_t samples, std::int64_t batch, int ranks);

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t batches() const { return (samples_ + batch_ - 1) / batch_; }
  [[nodiscard]] int ranks() const { return ranks_; }
  // `rank` has the batches [first_batch(rank), first_batch(rank + 1)). REQUIRES: 0 <= rank <=
  // ranks().
  [[nodiscard]] std::int64_t first_batch(int rank) const;
  // REQUIRES: 0 <= batch < batches().
  [[nodiscard]] std::vector<std::int64_t> sample_ids(std::int64_t batch) const;

 private:
  std::int64_t samples_, batch_;
  int ranks_;
};

}  // namespace ringmaster::data
