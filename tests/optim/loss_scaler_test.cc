#include "optim/loss_scaler.h"

#include <limits>

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::optim {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

LossScalerState short_interval() {
  LossScalerState state;
  state.growth_interval = 3;
  return state;
}

TEST(LossScaler, BeginsAsGradScalerDoes) {
  LossScaler scaler;
  EXPECT_EQ(scaler.scale(), 65536);
  for (int step = 0; step < 1999; ++step) scaler.update(false);
  EXPECT_EQ(scaler.scale(), 65536);
  scaler.update(false);
  EXPECT_EQ(scaler.scale(), 131072);
}

TEST(LossScaler, AnOverflowHalvesAndStartsTheCountAgain) {
  LossScaler scaler(short_interval());
  scaler.update(false);
  scaler.update(false);
  scaler.update(true);
  EXPECT_EQ(scaler.scale(), 32768);
  scaler.update(false);
  scaler.update(false);
  EXPECT_EQ(scaler.scale(), 32768);
  scaler.update(false);
  EXPECT_EQ(scaler.scale(), 65536);
}

TEST(LossScaler, UnscalesAndFindsWhatIsNotFinite) {
  const LossScaler scaler;
  const at::Tensor sound = at::full({1000}, 65536.0 * 3);
  EXPECT_TRUE(scaler.unscale(sound));
  EXPECT_EQ(sound[7].item<float>(), 3);
  EXPECT_EQ(sound[999].item<float>(), 3);
  for (const float bad : {kInf, -kInf, kNaN}) {
    const at::Tensor gradients = at::full({1000}, 1.0);
    gradients[999] = bad;
    EXPECT_FALSE(scaler.unscale(gradients)) << bad;
  }
}

// Large gradients are no overflow: only the sum of their squares is.
TEST(LossScaler, LargeIsFinite) {
  EXPECT_TRUE(LossScaler().unscale(at::full({1000}, 1e38)));
}

TEST(LossScaler, NeverGrowsToInfinity) {
  LossScalerState state = short_interval();
  state.scale = 3e38;
  LossScaler scaler(state);
  for (int step = 0; step < 3; ++step) scaler.update(false);
  EXPECT_EQ(static_cast<float>(scaler.scale()), 3e38F);
  EXPECT_EQ(scaler.state().growth_tracker, 0);
}

TEST(LossScaler, GoesOnFromItsState) {
  LossScaler scaler(short_interval());
  scaler.update(true);
  scaler.update(false);
  scaler.update(false);
  LossScaler resumed(scaler.state());
  EXPECT_EQ(resumed.scale(), scaler.scale());
  resumed.update(false);
  EXPECT_EQ(resumed.scale(), 65536);
}

TEST(LossScaler, RefusesWhatNoScalerHas) {
  for (const double scale : {0.0, -1.0, 1e39, std::numeric_limits<double>::quiet_NaN()}) {
    LossScalerState state;
    state.scale = scale;
    EXPECT_THROW(LossScaler{state}, Error) << scale;
  }
  LossScalerState state;
  state.growth_tracker = state.growth_interval;
  EXPECT_THROW(LossScaler{state}, Error);
}

}  // namespace
}  // namespace ringmaster::optim
