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

}  // namespace
}  // namespace ringmaster::data
