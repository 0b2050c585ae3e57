#include "data/epoch_plan.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::data {
namespace {

using ::testing::HasSubstr;

EpochPlan plan_of(std::int64_t samples, std::int64_t batch, int ranks, int micros) {
  return EpochPlan({samples, batch, ranks, micros, 11});
}

std::vector<std::int64_t> global_batch(const EpochPlan& plan, std::int64_t epoch,
                                       std::int64_t step) {
  std::vector<std::int64_t> ids;
  for (int rank = 0; rank < plan.options().ranks; ++rank) {
    for (int micro = 0; micro < plan.options().micro_batches; ++micro) {
      const auto part = plan.sample_ids(epoch, step, rank, micro);
      EXPECT_EQ(static_cast<std::int64_t>(part.size()), plan.micro_batch_size());
      ids.insert(ids.end(), part.begin(), part.end());
    }
  }
  return ids;
}

std::string refusal(const EpochPlanOptions& options) {
  try {
    const EpochPlan plan(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(EpochPlan, GlobalBatchesDoNotDependOnRanksAndMicroBatches) {
  const EpochPlan one = plan_of(1000, 24, 1, 1);
  for (const auto& [ranks, micros] : {std::pair{2, 1}, {3, 1}, {1, 4}, {2, 3}, {24, 1}, {3, 8}}) {
    const EpochPlan other = plan_of(1000, 24, ranks, micros);
    ASSERT_EQ(other.steps_per_epoch(), one.steps_per_epoch());
    for (const std::int64_t step : {0, 1, 40})
      EXPECT_EQ(global_batch(other, 2, step), global_batch(one, 2, step)) << ranks << " " << micros;
  }
}

TEST(EpochPlan, AnEpochShowsNoSampleTwiceAndDropsOnlyTheTail) {
  const EpochPlan plan = plan_of(1003, 50, 5, 2);
  EXPECT_EQ(plan.steps_per_epoch(), 20);
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<std::int64_t> seen;
    for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
      for (const std::int64_t id : global_batch(plan, epoch, step)) {
        EXPECT_TRUE(id >= 0 && id < 1003);
        EXPECT_TRUE(seen.insert(id).second) << id;
      }
    }
    EXPECT_EQ(seen.size(), 1000u);
  }
}

TEST(EpochPlan, EpochsDiffer) {
  const EpochPlan plan = plan_of(1000, 100, 1, 1);
  EXPECT_NE(plan.sample_ids(0, 0, 0, 0), plan.sample_ids(1, 0, 0, 0));
}

TEST(EpochPlan, WhatDoesNotDivideIsRefusedWithTheNearest) {
  EXPECT_THAT(refusal({1000, 100, 3, 2, 0}), HasSubstr("the nearest are 96 and 102"));
  EXPECT_THAT(refusal({1000, 4, 8, 1, 0}), HasSubstr("the nearest are 8"));
  EXPECT_THAT(refusal({10, 16, 2, 1, 0}), HasSubstr("more than the data set's 10"));
  EXPECT_THAT(refusal({0, 16, 2, 1, 0}), HasSubstr("no samples"));
  EXPECT_THAT(refusal({100, 16, 0, 1, 0}), HasSubstr("positive"));
  EXPECT_THAT(refusal({100, 16, 2, -1, 0}), HasSubstr("positive"));
  EXPECT_EQ(refusal({100, 16, 2, 4, 0}), "");
}

TEST(EvalPlan, EverySampleIsInOneBatchOfOneRank) {
  for (const std::int64_t samples : {1, 7, 64, 65, 1000}) {
    for (const int ranks : {1, 2, 3, 5, 33}) {
      const EvalPlan plan(samples, 16, ranks);
      std::vector<std::int64_t> seen, counts;
      for (int rank = 0; rank < ranks; ++rank) {
        counts.push_back(plan.first_batch(rank + 1) - plan.first_batch(rank));
        for (auto b = plan.first_batch(rank); b < plan.first_batch(rank + 1); ++b) {
          const auto ids = plan.sample_ids(b);
          EXPECT_EQ(ids.size(), b + 1 < plan.batches() ? 16u : (samples - 1) % 16 + 1u);
          seen.insert(seen.end(), ids.begin(), ids.end());
        }
      }
      ASSERT_EQ(static_cast<std::int64_t>(seen.size()), samples);
      for (std::int64_t i = 0; i < samples; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
      const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
      EXPECT_LE(*most - *least, 1);
    }
  }
}

TEST(EvalPlan, NothingToEvaluateIsRefused) {
  EXPECT_THROW(EvalPlan(0, 16, 1), Error);
  EXPECT_THROW(EvalPlan(10, 0, 1), Error);
}

// order = sharded: 24 shards that differ in length by one.
EpochPlanOptions sharded(int ranks, std::int64_t batch = 48, std::int64_t window = 100) {
  EpochPlanOptions options{0, batch, ranks, 1, 11};
  for (int i = 0; i < 24; ++i) options.shard_sizes.push_back(40 + (i % 5 == 0));
  for (const std::int64_t size : options.shard_sizes) options.samples += size;
  options.window = window;
  return options;
}

std::vector<std::int64_t> shard_of_each(const std::vector<std::int64_t>& ids,
                                        const EpochPlanOptions& options) {
  std::vector<std::int64_t> shards;
  for (const std::int64_t id : ids) {
    std::int64_t end = 0, shard = -1;
    while (end <= id) end += options.shard_sizes[static_cast<std::size_t>(++shard)];
    shards.push_back(shard);
  }
  return shards;
}

TEST(ShardedPlan, EveryStepSeesTheSameSamplesOnOneToEightRanks) {
  const EpochPlan one{sharded(1)};
  for (const int ranks : {2, 3, 4, 6, 8}) {
    const EpochPlan other{sharded(ranks)};
    ASSERT_EQ(other.steps_per_epoch(), one.steps_per_epoch());
    for (std::int64_t step = 0; step < one.steps_per_epoch(); ++step)
      ASSERT_EQ(global_batch(other, 3, step), global_batch(one, 3, step)) << ranks;
  }
  EpochPlanOptions micro = sharded(2);
  micro.micro_batches = 3;
  EXPECT_EQ(global_batch(EpochPlan(micro), 1, 4), global_batch(one, 1, 4));
}

TEST(ShardedPlan, ARankReadsItsOwnShardsAloneAndNoSampleTwice) {
  for (const int ranks : {1, 2, 3, 4, 6, 8}) {
    const EpochPlanOptions options = sharded(ranks);
    const EpochPlan plan(options);
    std::set<std::int64_t> dealt;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto mine = plan.shards_of(rank);
      EXPECT_EQ(static_cast<int>(mine.size()), 24 / ranks);
      for (const std::int64_t shard : mine) EXPECT_TRUE(dealt.insert(shard).second) << shard;
      std::set<std::int64_t> seen;
      for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
        const auto ids = plan.sample_ids(2, step, rank, 0);
        for (const std::int64_t id : ids) EXPECT_TRUE(seen.insert(id).second) << id;
        EXPECT_THAT(mine, ::testing::IsSupersetOf([&] {
                      const auto shards = shard_of_each(ids, options);
                      return std::set<std::int64_t>(shards.begin(), shards.end());
                    }()));
      }
      // Of each lane at most its share of one batch, and what it has more than the shortest one.
      EXPECT_GE(static_cast<std::int64_t>(seen.size()), options.samples / ranks - 24 * 3);
    }
    EXPECT_EQ(dealt.size(), 24u);
  }
}

TEST(ShardedPlan, EqualShardsThatDivideAreSeenWhole) {
  EpochPlanOptions options{24 * 40, 48, 4, 1, 11};
  options.shard_sizes.assign(24, 40);
  const EpochPlan plan(options);
  std::set<std::int64_t> seen;
  for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step)
    for (const std::int64_t id : global_batch(plan, 0, step)) seen.insert(id);
  EXPECT_EQ(seen.size(), 960u);
}

TEST(ShardedPlan, EpochsSeedsAndWindowsDiffer) {
  const EpochPlan plan{sharded(2)};
  EXPECT_NE(global_batch(plan, 0, 0), global_batch(plan, 1, 0));
  EpochPlanOptions other = sharded(2);
  other.seed = 12;
  EXPECT_NE(global_batch(plan, 0, 0), global_batch(EpochPlan(other), 0, 0));
  EXPECT_NE(plan.shards_of(0), EpochPlan(other).shards_of(0));
  // A window of one sample leaves each shard in its own order.
  const EpochPlanOptions still = sharded(1, 24, 1);
  const EpochPlan unmixed(still);
  const auto first = global_batch(unmixed, 0, 0), second = global_batch(unmixed, 0, 1);
  for (std::size_t lane = 0; lane < 24; ++lane) EXPECT_EQ(second[lane], first[lane] + 1);
}

TEST(ShardedPlan, AWindowMixesItsShards) {
  EpochPlanOptions options{24 * 40, 10, 1, 1, 11};  // gcd(24, 10) = 2 lanes of 12 shards
  options.shard_sizes.assign(24, 40);
  options.window = 240;  // half of a lane
  const EpochPlan plan(options);
  std::set<std::int64_t> early, late;
  for (std::int64_t step = 0; step < 96; ++step) {
    const auto shards = shard_of_each(plan.sample_ids(0, step, 0, 0), options);
    (step < 48 ? early : late).insert(shards.begin(), shards.begin() + 5);  // lane 0
  }
  EXPECT_EQ(early.size(), 6u);  // all shards of the window, and none of the next
  EXPECT_EQ(late.size(), 6u);
  const auto batch = shard_of_each(plan.sample_ids(0, 0, 0, 0), options);
  EXPECT_GT(std::set<std::int64_t>(batch.begin(), batch.end()).size(), 4u);
}

TEST(ShardedPlan, RanksThatCantShareAreToldWhatTo) {
  EXPECT_EQ(refusal(sharded(8, 40)), "");
  EXPECT_THAT(refusal(sharded(16)),
              ::testing::AllOf(HasSubstr("24 lanes"), HasSubstr("--ranks 16")));
  EXPECT_THAT(refusal(sharded(5, 50)), HasSubstr("--ranks 5"));
}

}  // namespace
}  // namespace ringmaster::data
