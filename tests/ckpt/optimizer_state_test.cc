#include "ckpt/optimizer_state.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "optim/sgd.h"

namespace ringmaster::ckpt {
namespace {

// A convolution's weight in channels-last memory, and a bias, last parameter first.
class OptimizerStateTest : public ::testing::Test {
 protected:
  optim::Sgd make(const optim::OptimizerOptions& options) {
    return optim::Sgd(at::zeros({64}), gradients_, slots_, options);
  }

  const std::vector<optim::ParameterSlot> slots_ = {
      {"weight", 16, 48, true, {4, 3, 2, 2}, {12, 1, 6, 3}}, {"bias", 0, 4, false, {4}, {1}}};
  at::Tensor gradients_ = [this] {
    at::Tensor flat = at::zeros({64});
    for (const auto& slot : slots_) optim::view_of(flat, slot).copy_(at::randn(slot.sizes));
    return flat;
  }();
};

TEST_F(OptimizerStateTest, HasNoBuffersBeforeTheFirstStep) {
  auto sgd = make({.weight_decay = 1e-4, .nesterov = true});
  const OptimizerState state = snapshot_of(sgd, 0.3, 0.85);
  EXPECT_TRUE(state.momentum_buffers.empty());
  ASSERT_EQ(state.groups.size(), 1u);
  EXPECT_EQ(state.groups[0].lr, 0.3);
  EXPECT_EQ(state.groups[0].momentum, 0.85);
  EXPECT_EQ(state.groups[0].weight_decay, 1e-4);
  EXPECT_TRUE(state.groups[0].nesterov);
  EXPECT_THAT(state.groups[0].parameters, ::testing::ElementsAre(0, 1));
}

TEST_F(OptimizerStateTest, ExemptParametersAreAGroupOfTheirOwn) {
  const auto sgd = make({.weight_decay = 1e-4, .decay_norm_and_bias = false});
  const OptimizerState state = snapshot_of(sgd, 0.3, 0.9);
  ASSERT_EQ(state.groups.size(), 2u);
  EXPECT_THAT(state.groups[0].parameters, ::testing::ElementsAre(0));
  EXPECT_THAT(state.groups[1].parameters, ::testing::ElementsAre(1));
  EXPECT_EQ(state.groups[1].weight_decay, 0);
}

TEST_F(OptimizerStateTest, MomentumGoesOutAndBack) {
  auto sgd = make({});
  sgd.step(0.1);
  const OptimizerState state = snapshot_of(sgd, 0.1, 0.9);
  ASSERT_EQ(state.momentum_buffers.size(), 2u);
  EXPECT_TRUE(at::equal(state.momentum_buffers[0], optim::view_of(gradients_, slots_[0])));
  EXPECT_EQ(state.momentum_buffers[1].sizes(), at::IntArrayRef({4}));

  auto other = make({});
  restore_optimizer(state, "a.pt", other);
  EXPECT_TRUE(other.has_momentum());
  EXPECT_TRUE(at::equal(other.momentum_buffer(), sgd.momentum_buffer()));
  restore_optimizer({}, "a.pt", other);
  EXPECT_FALSE(other.has_momentum());
}

TEST_F(OptimizerStateTest, AnotherModelsStateIsRefusedAndChangesNothing) {
  auto sgd = make({});
  sgd.step(0.1);
  const at::Tensor before = sgd.momentum_buffer().clone();
  OptimizerState state = snapshot_of(make({}), 0.1, 0.9);
  const std::vector<std::vector<at::Tensor>> bad = {
      {at::zeros({4, 3, 2, 2})},
      {at::zeros({4, 3, 2, 2}), at::zeros({5})},
      {at::zeros({4, 3, 2, 2}), at::Tensor()},
  };
  for (const auto& buffers : bad) {
    state.momentum_buffers = buffers;
    try {
      restore_optimizer(state, "a.pt", sgd);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("a.pt"));
    }
    EXPECT_TRUE(at::equal(sgd.momentum_buffer(), before));
    EXPECT_TRUE(sgd.has_momentum());
  }
}

}  // namespace
}  // namespace ringmaster::ckpt
