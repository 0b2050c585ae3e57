#include "model/hits.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace ringmaster::model {
namespace {

Hits hits_of(const std::vector<float>& row, std::int64_t target) {
  return count_hits(at::tensor(row).unsqueeze(0), at::tensor(std::vector<std::int64_t>{target}));
}

TEST(Hits, RankIsCountedFromTheHighestLogit) {
  const std::vector<float> row = {1, 9, 3, 8, 4, 5, 7};  // best first: 1 3 6 5 4 2 0
  EXPECT_EQ(hits_of(row, 1).top1, 1);
  EXPECT_EQ(hits_of(row, 3).top1, 0);
  EXPECT_EQ(hits_of(row, 3).top5, 1);
  EXPECT_EQ(hits_of(row, 4).top5, 1);
  EXPECT_EQ(hits_of(row, 2).top5, 0);
}

TEST(Hits, TiesGoToTheLowerIndex) {
  const std::vector<float> row = {2, 2, 2, 2, 2, 2, 2};
  for (std::int64_t target = 0; target < 7; ++target) {
    EXPECT_EQ(hits_of(row, target).top1, target < 1) << target;
    EXPECT_EQ(hits_of(row, target).top5, target < 5) << target;
  }
}

TEST(Hits, PredictionsAreTheTargetsOfRankZero) {
  const at::Tensor logits = at::randint(0, 4, {200, 6}, at::kFloat);  // full of ties
  const at::Tensor predicted = predictions(logits);
  EXPECT_TRUE(ranks_of_targets(logits, predicted).eq(0).all().item<bool>());
  EXPECT_EQ(count_hits(logits, predicted).top1, 200);
}

TEST(Hits, ARowWithANanPredictsNothing) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor logits = at::tensor(std::vector<float>{1, nan, 3, 1, 2, 3}).view({2, 3});
  EXPECT_TRUE(at::equal(predictions(logits), at::tensor(std::vector<std::int64_t>{-1, 2})));
  const at::Tensor targets = at::tensor(std::vector<std::int64_t>{2, 2});
  EXPECT_TRUE(
      at::equal(ranks_of_targets(logits, targets), at::tensor(std::vector<std::int64_t>{3, 0})));
}

TEST(Hits, ARowWithANanIsNoHit) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(hits_of({nan, 1, 2}, 0).top5, 0);
  EXPECT_EQ(hits_of({nan, 1, 2}, 2).top1, 0);
}

TEST(Hits, FewerThanFiveClassesAreAllAmongTheFirstFive) {
  EXPECT_EQ(hits_of({1, 2, 3}, 0).top5, 1);
}

TEST(Hits, ABatchIsTheSumOfItsRowsWhateverTheTies) {
  // Few distinct values: most rows have ties.
  const at::Tensor logits = at::randint(0, 4, {200, 10}).to(at::kBFloat16);
  const at::Tensor targets = at::randint(0, 10, {200}, at::kLong);
  const Hits together = count_hits(logits, targets);
  Hits sum;
  for (std::int64_t begin = 0; begin < 200; begin += 23) {
    const std::int64_t count = std::min<std::int64_t>(23, 200 - begin);
    const Hits part = count_hits(logits.narrow(0, begin, count), targets.narrow(0, begin, count));
    sum.top1 += part.top1;
    sum.top5 += part.top5;
  }
  EXPECT_EQ(sum.top1, together.top1);
  EXPECT_EQ(sum.top5, together.top5);
  EXPECT_GT(together.top1, 0);
  EXPECT_LT(together.top5, 200);
}

}  // namespace
}  // namespace ringmaster::model
