#include "sharding/shard_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::sharding {
namespace {

// `count` items of 10 bytes, sorted by class as folders are.
class ListedSource final : public Source {
 public:
  ListedSource(std::size_t train, std::size_t val, std::size_t classes) : classes_(classes, "c") {
    for (const auto& [name, count] : {std::pair{"train", train}, std::pair{"val", val}}) {
      SourceSplit split{name, {}};
      for (std::size_t i = 0; i < count; ++i)
        split.items.push_back({"i", static_cast<std::uint32_t>(i * classes / count), 10});
      splits_.push_back(split);
    }
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::vector<SourceSplit>& splits() const override { return splits_; }
  const std::string& description() const override { return text_; }
  const std::string& fingerprint() const override { return text_; }
  void read(std::size_t, std::size_t, std::vector<std::byte>&) const override {}

 private:
  std::vector<std::string> classes_;
  std::vector<SourceSplit> splits_;
  std::string text_;
};

std::vector<std::size_t> sizes(const std::vector<PlannedShard>& plan, std::size_t split) {
  std::vector<std::size_t> out;
  for (const PlannedShard& shard : plan) {
    if (shard.split == split) out.push_back(shard.items.size());
  }
  return out;
}

TEST(MixedOrder, IsAPermutationOfItsSeed) {
  for (const std::uint32_t n : {0u, 1u, 2u, 3u, 1000u}) {
    std::vector<std::uint32_t> order = mixed_order(n, 1, 0);
    EXPECT_EQ(order, mixed_order(n, 1, 0));
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0u);
    EXPECT_EQ(order, all);
  }
  EXPECT_NE(mixed_order(1000, 1, 0), mixed_order(1000, 2, 0));
  EXPECT_NE(mixed_order(1000, 1, 0), mixed_order(1000, 1, 1));
}

TEST(ShardPlan, EveryImageOnceInRunsOfEqualLength) {
  const ListedSource source(1003, 17, 10);
  for (const std::int64_t shards : {1, 2, 3, 7, 100, 1003}) {
    const auto plan = plan_shards(source, {.rule = {.shards = shards}});
    for (std::size_t split = 0; split < 2; ++split) {
      std::set<std::uint32_t> seen;
      std::uint32_t index = 0;
      for (const PlannedShard& shard : plan) {
        if (shard.split != split) continue;
        EXPECT_EQ(shard.index, index++);
        seen.insert(shard.items.begin(), shard.items.end());
        EXPECT_EQ(shard.payload_bytes, shard.items.size() * 10);
      }
      const auto counts = sizes(plan, split);
      EXPECT_EQ(seen.size(), split == 0 ? 1003u : 17u);
      EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::size_t{0}), seen.size());
      const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
      EXPECT_LE(*most - *least, 1u);
    }
    EXPECT_EQ(sizes(plan, 0).size(), static_cast<std::size_t>(shards));
  }
  EXPECT_EQ(plan_shards(source, {})[0].name, "train-00000.rms");
  EXPECT_EQ(plan_shards(source, {}).back().name, "val-00000.rms");
}

TEST(ShardPlan, CountsFollowTheRule) {
  const ListedSource source(1000, 100, 10);
  const auto count = [&](const ShardRule& rule) {
    const auto plan = plan_shards(source, {.rule = rule});
    return std::pair(sizes(plan, 0).size(), sizes(plan, 1).size());
  };
  EXPECT_EQ(count({}), std::pair(1ul, 1ul));
  EXPECT_EQ(count({.shard_bytes = 1000}), std::pair(10ul, 1ul));
  EXPECT_EQ(count({.shard_bytes = 999}), std::pair(11ul, 2ul));
  EXPECT_EQ(count({.shard_bytes = 1}), std::pair(1000ul, 100ul));
  EXPECT_EQ(count({.shards = 20}), std::pair(20ul, 2ul));
  EXPECT_EQ(count({.ranks = 8}), std::pair(8ul, 8ul));
  EXPECT_EQ(count({.ranks = 8, .shard_bytes = 1000}), std::pair(16ul, 8ul));
}

TEST(ShardPlan, TooManyShardsAreRefused) {
  const ListedSource source(10, 10, 2);
  EXPECT_THROW((void)plan_shards(source, {.rule = {.shards = 11}}), Error);
  EXPECT_THROW((void)plan_shards(source, {.rule = {.ranks = 11}}), Error);
}

TEST(ShardPlan, EachShardIsARandomSampleOfTheClasses) {
  const ListedSource source(20000, 100, 10);
  for (const PlannedShard& shard : plan_shards(source, {.rule = {.shards = 10}, .seed = 3})) {
    if (shard.split != 0) continue;
    std::vector<double> counts(10);
    for (const std::uint32_t item : shard.items) ++counts[source.splits()[0].items[item].label];
    // 2000 draws without replacement of 10 classes: 200 each, sigma 12.7.
    for (const double seen : counts) EXPECT_LT(std::abs(seen - 200), 5 * 12.7);
  }
}

TEST(ShardPlan, SubsetTakesSoManyOfEachClass) {
  const ListedSource source(1000, 100, 10);
  std::vector<int> counts(10);
  std::set<std::uint32_t> seen;
  for (const PlannedShard& shard : plan_shards(source, {.subset_per_class = 7})) {
    if (shard.split != 0) continue;
    for (const std::uint32_t item : shard.items) {
      ++counts[source.splits()[0].items[item].label];
      EXPECT_TRUE(seen.insert(item).second);
    }
  }
  EXPECT_EQ(counts, std::vector<int>(10, 7));
}

TEST(CutUnits, CoverTheShardWithinTheirLimits) {
  const ListedSource source(1000, 1, 1);
  const auto plan = plan_shards(source, {});
  std::size_t at = 0;
  for (const WorkUnit& unit : cut_units(plan[0], 5, source.splits()[0])) {
    EXPECT_EQ(unit.shard, 5u);
    EXPECT_EQ(unit.begin, at);
    EXPECT_LE(unit.end - unit.begin, 256u);
    EXPECT_EQ(unit.bytes, (unit.end - unit.begin) * 10);
    at = unit.end;
  }
  EXPECT_EQ(at, 1000u);
}

}  // namespace
}  // namespace ringmaster::sharding
