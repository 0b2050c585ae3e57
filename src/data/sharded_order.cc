#include "data/sharded_order.h"

#include <algorithm>

#include "base/check.h"
#include "data/permutation.h"

namespace ringmaster::data {
namespace {

// Streams of a permutation's key beside 0, which is the global order's: the deal, and for each lane
// the order of its shards and the shuffle of each window.
constexpr std::uint64_t kDeal = ~std::uint64_t{0};
std::uint64_t shards_stream(std::int64_t lane) {
  return (static_cast<std::uint64_t>(lane) + 1) << 32;
}
std::uint64_t window_stream(std::int64_t lane, std::int64_t window) {
  return shards_stream(lane) + static_cast<std::uint64_t>(window) + 1;
}

}  // namespace

ShardedOrder::ShardedOrder(std::vector<std::int64_t> shard_sizes, std::int64_t lanes,
                           std::int64_t window, std::uint64_t seed)
    : window_(window), seed_(seed) {
  const auto shards = static_cast<std::int64_t>(shard_sizes.size());
  RM_CHECK(lanes >= 1 && shards % lanes == 0, lanes, " lanes for ", shards, " shards");
  RM_CHECK_LE(1, window);
  shard_begins_.push_back(0);
  for (const std::int64_t size : shard_sizes) shard_begins_.push_back(shard_begins_.back() + size);
  lane_shards_.resize(static_cast<std::size_t>(lanes));
  const Permutation deal(shards, seed, 0, kDeal);
  for (std::int64_t i = 0; i < shards; ++i)
    lane_shards_[static_cast<std::size_t>(i % lanes)].push_back(deal.at(i));
}

std::int64_t ShardedOrder::samples_of(std::int64_t lane) const {
  std::int64_t sum = 0;
  for (const std::int64_t shard : shards_of(lane)) {
    const auto s = static_cast<std::size_t>(shard);
    sum += shard_begins_[s + 1] - shard_begins_[s];
  }
  return sum;
}

std::int64_t ShardedOrder::shortest_lane() const {
  std::int64_t shortest = samples_of(0);
  for (std::int64_t lane = 1; lane < lanes(); ++lane)
    shortest = std::min(shortest, samples_of(lane));
  return shortest;
}

std::vector<std::int64_t> ShardedOrder::order_of(std::int64_t epoch, std::int64_t lane) const {
  const std::vector<std::int64_t>& shards = shards_of(lane);
  const Permutation mixed(static_cast<std::int64_t>(shards.size()), seed_, epoch,
                          shards_stream(lane));
  std::vector<std::int64_t> order(shards.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = shards[static_cast<std::size_t>(mixed.at(static_cast<std::int64_t>(i)))];
  return order;
}

void ShardedOrder::append(std::int64_t epoch, std::int64_t lane, std::int64_t first,
                          std::int64_t count, std::vector<std::int64_t>& samples) const {
  const std::int64_t all = samples_of(lane);
  RM_CHECK(first >= 0 && count >= 0 && first + count <= all, first, " + ", count, " of ", all);
  const std::vector<std::int64_t> order = order_of(epoch, lane);
  std::vector<std::int64_t> ends(order.size());  // in the lane's sequence
  std::int64_t end = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto s = static_cast<std::size_t>(order[i]);
    ends[i] = end += shard_begins_[s + 1] - shard_begins_[s];
  }
  while (count > 0) {
    const std::int64_t begin = first / window_ * window_;
    const std::int64_t length = std::min(window_, all - begin);
    const Permutation shuffle(length, seed_, epoch, window_stream(lane, first / window_));
    const std::int64_t here = std::min(count, begin + length - first);
    for (std::int64_t i = 0; i < here; ++i) {
      const std::int64_t at = begin + shuffle.at(first + i - begin);
      const auto shard =
          static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
      const std::int64_t shard_at = shard == 0 ? 0 : ends[shard - 1];
      samples.push_back(shard_begins_[static_cast<std::size_t>(order[shard])] + at - shard_at);
    }
    first += here;
    count -= here;
  }
}

}  // namespace ringmaster::data
