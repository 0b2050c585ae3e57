#include "model/stochastic_depth.h"

#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

namespace ringmaster::model {
namespace {

std::vector<std::int64_t> samples(std::int64_t first, std::size_t count) {
  std::vector<std::int64_t> ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

TEST(StochasticDepth, DropsInProportionToTheBlocksPlace) {
  constexpr std::int64_t kBlocks = 16;
  const StochasticDepth options{0.4, 3};
  EXPECT_DOUBLE_EQ(drop_probability(options, 0, kBlocks), 0.4 / 16);
  EXPECT_DOUBLE_EQ(drop_probability(options, 15, kBlocks), 0.4);
  const at::Tensor scales = branch_scales(options, 2, samples(0, 20000), kBlocks);
  for (const std::int64_t block : {0, 7, 15}) {
    const double drop = drop_probability(options, block, kBlocks);
    const double dropped = (scales[block] == 0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(dropped, drop, 0.015) << block;
    EXPECT_FLOAT_EQ(scales[block].max().item<float>(), static_cast<float>(1 / (1 - drop)));
    EXPECT_NEAR(scales[block].mean().item<double>(), 1, 0.03);
  }
}

// However a batch is split over ranks and micro-batches, and whatever comes before.
TEST(StochasticDepth, IsAFunctionOfTheSample) {
  const StochasticDepth options{0.5, 3};
  const at::Tensor whole = branch_scales(options, 4, samples(100, 16), 8);
  const at::Tensor halves = at::cat({branch_scales(options, 4, samples(100, 8), 8),
                                     branch_scales(options, 4, samples(108, 8), 8)},
                                    1);
  EXPECT_TRUE(at::equal(whole, halves));
  EXPECT_FALSE(at::equal(whole, branch_scales(options, 5, samples(100, 16), 8)));
  EXPECT_FALSE(at::equal(whole, branch_scales({0.5, 4}, 4, samples(100, 16), 8)));
}

TEST(StochasticDepth, ARateOfZeroDropsNothing) {
  const at::Tensor scales = branch_scales({0, 3}, 0, samples(0, 100), 8);
  EXPECT_TRUE((scales == 1).all().item<bool>());
}

}  // namespace
}  // namespace ringmaster::model
