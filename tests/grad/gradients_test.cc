#include "grad/gradients.h"

#include <cmath>
#include <limits>

#include <ATen/ops/add.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "base/error.h"
#include "tests/support/recording_engine.h"

namespace ringmaster::grad {
namespace {

const Deadline kSoon = Deadline::after(std::chrono::seconds(10));

// Two convolutions in channels-last and one parameter that no step uses.
class GradientsTest : public ::testing::Test {
 protected:
  GradientsTest() {
    first_ = parameter({8, 3, 3, 3});
    second_ = parameter({4, 8, 3, 3});
    unused_ = parameter({5});
    statistic_ = at::randn({8});
    original_ = first_.detach().clone();
    const BucketOptions each_alone{.bucket_bytes = 64, .first_bucket_bytes = 64};
    auto plan =
        plan_buckets({{"first", 216}, {"unused", 5}, {"second", 288}}, {{"mean", 8}}, each_alone);
    engine_ = std::make_unique<testing::RecordingEngine>(plan.total_elems, kRanks);
    gradients_ = std::make_unique<Gradients>(*engine_, kRanks, plan,
                                             std::vector<at::Tensor>{first_, unused_, second_},
                                             std::vector<at::Tensor>{statistic_});
  }

  static at::Tensor parameter(at::IntArrayRef shape) {
    auto tensor = at::randn(shape);
    if (shape.size() == 4) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    return tensor.set_requires_grad(true);
  }
  at::Tensor loss(const at::Tensor& images) {
    return at::conv2d(at::conv2d(images, first_), second_).pow(2).sum();
  }

  static constexpr int kRanks = 4;
  at::Tensor first_, second_, unused_, statistic_, original_;
  std::unique_ptr<testing::RecordingEngine> engine_;
  std::unique_ptr<Gradients> gradients_;
};

TEST_F(GradientsTest, EqualsAutogradAndLivesInTheArena) {
  const at::Tensor images = at::randn({2, 3, 9, 9});
  const auto expected = torch::autograd::grad({loss(images)}, {first_, second_});
  gradients_->arm(1);
  loss(images).backward();
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
  // The mean over four ranks with the same gradients is that gradient.
  EXPECT_TRUE(at::equal(first_.grad(), expected[0]));
  EXPECT_TRUE(at::equal(second_.grad(), expected[1]));
  EXPECT_TRUE(at::equal(unused_.grad(), at::zeros({5})));
  const auto* begin = static_cast<const float*>(engine_->arena());
  EXPECT_GE(first_.grad().data_ptr<float>(), begin);
  EXPECT_LT(first_.grad().data_ptr<float>(), begin + engine_->capacity_elems());
  EXPECT_EQ(first_.grad().strides(), first_.strides());
}

TEST_F(GradientsTest, BucketsStartInPlanOrderDuringBackward) {
  gradients_->arm(1);
  EXPECT_TRUE(engine_->started().empty());
  loss(at::randn({1, 3, 9, 9})).backward();
  // Statistics (0) and `second` (1) are complete; `unused` (2) holds back `first` (3) until
  // finish().
  ASSERT_EQ(engine_->started().size(), 2u);
  gradients_->end_micro_batch();
  EXPECT_EQ(gradients_->started_in_backward(), 2u);
  gradients_->finish(kSoon);
  ASSERT_EQ(engine_->finished().size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(engine_->finished()[i].index, static_cast<std::int64_t>(i));
}

TEST_F(GradientsTest, AccumulatesWithoutCommunicationInBetween) {
  const at::Tensor a = at::randn({1, 3, 9, 9}), b = at::randn({1, 3, 9, 9});
  const auto expected = torch::autograd::grad({at::add(loss(a), loss(b)).div(2)}, {first_});
  gradients_->arm(2);
  loss(a).backward();
  gradients_->end_micro_batch();
  EXPECT_TRUE(engine_->started().empty());
  loss(b).backward();
  EXPECT_FALSE(engine_->started().empty());
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
  EXPECT_TRUE(at::allclose(first_.grad(), expected[0], 1e-5, 1e-5));
}

TEST_F(GradientsTest, EveryStepStartsFromZero) {
  const at::Tensor images = at::randn({1, 3, 9, 9});
  at::Tensor once;
  for (int step = 0; step < 3; ++step) {
    gradients_->arm(1);
    loss(images).backward();
    gradients_->end_micro_batch();
    gradients_->finish(kSoon);
    if (step == 0) once = first_.grad().clone();
    EXPECT_TRUE(at::equal(first_.grad(), once)) << "step " << step;
  }
}

TEST_F(GradientsTest, StatisticsAreAveragedNotAccumulated) {
  const at::Tensor before = statistic_.clone();
  gradients_->arm(3);
  for (int i = 0; i < 3; ++i) {
    loss(at::randn({1, 3, 9, 9})).backward();
    gradients_->end_micro_batch();
  }
  gradients_->finish(kSoon);
  EXPECT_TRUE(at::equal(statistic_, before));
  EXPECT_EQ(statistic_.data_ptr(), engine_->arena());
}

// A running variance that loses digits in every step would stand still.
TEST_F(GradientsTest, OnlyGradientsMayBeRoundedOnTheWire) {
  gradients_->arm(1);
  loss(at::randn({2, 3, 9, 9})).backward();
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
  ASSERT_EQ(engine_->finished().size(), 4u);
  for (const comm::Reduction& reduction : engine_->finished())
    EXPECT_EQ(reduction.exact, reduction.index == 0);
}

TEST_F(GradientsTest, NormAndClippingAreThoseOfAllGradientsAsOneVector) {
  const auto backward = [&] {
    gradients_->arm(1);
    loss(at::ones({1, 3, 9, 9})).backward();
    gradients_->end_micro_batch();
    gradients_->finish(kSoon);
  };
  backward();
  const double expected =
      at::cat({first_.grad().flatten(), second_.grad().flatten()}).norm().item<double>();
  const double norm = gradients_->norm();
  EXPECT_NEAR(norm, expected, 1e-6 * expected);
  gradients_->clip(norm, 2 * norm);
  EXPECT_EQ(gradients_->norm(), norm);
  gradients_->clip(norm, 0.25);
  EXPECT_NEAR(gradients_->norm(), 0.25, 1e-6);
  first_.mutable_grad()[0][0][0][0] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(gradients_->norm()));
}

TEST_F(GradientsTest, KnowsWhenABucketWasReadyInBackward) {
  gradients_->arm(1);
  loss(at::randn({1, 3, 9, 9})).backward();
  const auto& ready = gradients_->ready_ns();  // statistics, second, unused, first
  ASSERT_EQ(ready.size(), 4u);
  EXPECT_EQ(ready[0], 0);
  EXPECT_GT(ready[1], 0);
  EXPECT_EQ(ready[2], 0);
  EXPECT_GE(ready[3], ready[1]);
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
}

// A layer that is used twice: autograd adds both parts before the hook is called, so it travels
// once.
TEST_F(GradientsTest, ASharedParameterTravelsOnceAndWhole) {
  const auto shared_loss = [&](const at::Tensor& images) {
    const at::Tensor once = at::conv2d(images, first_);
    return at::add(once.pow(2).sum(), at::conv2d(at::conv2d(images.mul(2), first_), second_).sum());
  };
  const at::Tensor images = at::randn({1, 3, 9, 9});
  const auto expected = torch::autograd::grad({shared_loss(images)}, {first_, second_});
  gradients_->arm(1);
  shared_loss(images).backward();
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
  EXPECT_EQ(engine_->finished().size(), 4u);
  EXPECT_TRUE(at::allclose(first_.grad(), expected[0], 1e-5, 1e-5));
  EXPECT_TRUE(at::equal(second_.grad(), expected[1]));
}

// Frozen for a step (no requires_grad): gradient zero, and its bucket travels all the same.
TEST_F(GradientsTest, AFrozenParameterHasGradientZero) {
  first_.set_requires_grad(false);
  gradients_->arm(1);
  loss(at::randn({1, 3, 9, 9})).backward();
  gradients_->end_micro_batch();
  gradients_->finish(kSoon);
  EXPECT_EQ(engine_->finished().size(), 4u);
  EXPECT_EQ(first_.grad().abs().sum().item<float>(), 0);
  EXPECT_GT(second_.grad().abs().sum().item<float>(), 0);
}

TEST_F(GradientsTest, LeavesNoHookBehind) {
  gradients_.reset();
  engine_.reset();
  loss(at::randn({1, 3, 9, 9})).backward();  // would write to the freed arena
  EXPECT_TRUE(first_.grad().defined());
  EXPECT_TRUE(at::equal(first_.detach(), original_));
}

TEST_F(GradientsTest, FinishBeforeTheLastBackwardIsABug) {
  gradients_->arm(2);
  gradients_->end_micro_batch();
  EXPECT_THROW(gradients_->finish(kSoon), Error);
}

}  // namespace
}  // namespace ringmaster::grad
