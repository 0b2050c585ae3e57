#include "data/epoch_plan.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "data/permutation.h"

namespace ringmaster::data {

EpochPlan::EpochPlan(const EpochPlanOptions& options) : options_(options) {
  const auto& o = options_;
  RM_REQUIRE(o.samples > 0, ErrorKind::kInvalidArgument, "the data set has no samples");
  RM_REQUIRE(o.global_batch > 0 && o.ranks > 0 && o.micro_batches > 0, ErrorKind::kInvalidArgument,
             "global_batch ", o.global_batch, ", ", o.ranks, " ranks and ", o.micro_batches,
             " micro-batches must all be positive");
  RM_REQUIRE(o.global_batch <= o.samples, ErrorKind::kInvalidArgument, "global_batch ",
             o.global_batch, " is more than the data set's ", o.samples,
             " samples: an epoch would have no step");
  const std::int64_t parts = std::int64_t{o.ranks} * o.micro_batches;
  if (o.global_batch % parts == 0) {
    steps_ = o.samples / o.global_batch;
    if (!o.shard_sizes.empty()) deal_shards();
    return;
  }
  const std::int64_t above = (o.global_batch / parts + 1) * parts, below = above - parts;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("global_batch ", o.global_batch, " can't be dealt to ", o.ranks,
                        " ranks with ", o.micro_batches, " micro-batches each; the nearest are ",
                        below > 0 ? join_text(below, " and ") : "", above));
}

void EpochPlan::deal_shards() {
  const auto& o = options_;
  const auto shards = static_cast<std::int64_t>(o.shard_sizes.size());
  RM_CHECK_EQ(std::accumulate(o.shard_sizes.begin(), o.shard_sizes.end(), std::int64_t{0}),
              o.samples);
  RM_REQUIRE(o.window > 0, ErrorKind::kInvalidArgument, "order_window ", o.window,
             " must be positive");
  const std::int64_t lanes = std::gcd(shards, o.global_batch);
  RM_REQUIRE(lanes % o.ranks == 0, ErrorKind::kInvalidArgument, "order = sharded deals ", shards,
             " shards and batches of ", o.global_batch, " to ", lanes,
             " lanes (their greatest common divisor), which ", o.ranks,
             " ranks can't share evenly. Pack with --ranks ", o.ranks,
             ", take another number of ranks, or order = global");
  sharded_.emplace(o.shard_sizes, lanes, o.window, o.seed);
  steps_ = sharded_->shortest_lane() / (o.global_batch / lanes);
  RM_REQUIRE(steps_ > 0, ErrorKind::kInvalidArgument, "order = sharded: a lane has ",
             sharded_->shortest_lane(), " samples, fewer than its ", o.global_batch / lanes,
             " of a global batch: an epoch would have no step");
}

std::vector<std::int64_t> EpochPlan::shards_of(int rank) const {
  RM_CHECK(rank >= 0 && rank < options_.ranks, "rank ", rank);
  std::vector<std::int64_t> shards;
  if (!sharded_) return shards;
  const std::int64_t each = sharded_->lanes() / options_.ranks;
  for (std::int64_t lane = rank * each; lane < (rank + 1) * each; ++lane) {
    const auto& more = sharded_->shards_of(lane);
    shards.insert(shards.end(), more.begin(), more.end());
  }
  std::sort(shards.begin(), shards.end());
  return shards;
}

std::vector<std::int64_t> EpochPlan::sample_ids(std::int64_t epoch, std::int64_t step, int rank,
                                                int micro) const {
  RM_CHECK(step >= 0 && step < steps_per_epoch(), "step ", step);
  RM_CHECK(rank >= 0 && rank < options_.ranks, "rank ", rank);
  RM_CHECK(micro >= 0 && micro < options_.micro_batches, "micro-batch ", micro);
  const std::int64_t part = std::int64_t{rank} * options_.micro_batches + micro;
  if (sharded_) return sharded_ids(epoch, step, part * micro_batch_size());
  const Permutation order(options_.samples, options_.seed, epoch);
  const std::int64_t first = step * options_.global_batch + part * micro_batch_size();
  std::vector<std::int64_t> ids(static_cast<std::size_t>(micro_batch_size()));
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = order.at(first + static_cast<std::int64_t>(i));
  return ids;
}

// `from`: place in the global batch at which the micro-batch begins.
std::vector<std::int64_t> EpochPlan::sharded_ids(std::int64_t epoch, std::int64_t step,
                                                 std::int64_t from) const {
  const std::int64_t share = options_.global_batch / sharded_->lanes();  // of a lane in a batch
  const std::int64_t end = from + micro_batch_size();
  std::vector<std::int64_t> ids;
  while (from < end) {
    const std::int64_t in_share = from % share;
    const std::int64_t count = std::min(share - in_share, end - from);
    sharded_->append(epoch, from / share, step * share + in_share, count, ids);
    from += count;
  }
  return ids;
}

EvalPlan::EvalPlan(std::int64_t samples, std::int64_t batch, int ranks)
    : samples_(samples), batch_(batch), ranks_(ranks) {
  RM_REQUIRE(samples > 0 && batch > 0 && ranks > 0, ErrorKind::kInvalidArgument, "evaluation of ",
             samples, " samples in batches of ", batch, " on ", ranks,
             " ranks: all must be positive");
}

std::int64_t EvalPlan::first_batch(int rank) const {
  RM_CHECK(rank >= 0 && rank <= ranks_, "rank ", rank);
  const std::int64_t each = batches() / ranks_, more = batches() % ranks_;
  return rank * each + std::min<std::int64_t>(rank, more);
}

std::vector<std::int64_t> EvalPlan::sample_ids(std::int64_t batch) const {
  RM_CHECK(batch >= 0 && batch < batches(), "batch ", batch);
  const std::int64_t first = batch * batch_;
  std::vector<std::int64_t> ids(static_cast<std::size_t>(std::min(batch_, samples_ - first)));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

}  // namespace ringmaster::data
