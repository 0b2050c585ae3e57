#include "optim/sgd.h"

#include <memory>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::optim {
namespace {

// Two parameters, the second first in memory, with a gap of zeros between them.
struct Flat {
  at::Tensor parameters = at::zeros({64});
  at::Tensor gradients = at::zeros({64});
  std::vector<ParameterSlot> slots = {{"weight", 32, 24, true, {4, 6}, {6, 1}},
                                      {"bias", 0, 10, false, {10}, {1}}};
  Flat() {
    for (const auto& slot : slots) view_of(parameters, slot).copy_(at::randn(slot.sizes));
    new_gradients();
  }
  void new_gradients() {
    for (const auto& slot : slots) view_of(gradients, slot).copy_(at::randn(slot.sizes));
  }
};

// The rule as torch.optim.SGD's documentation writes it, in double precision, a parameter at a
// time.
class Reference {
 public:
  Reference(const Flat& flat, const OptimizerOptions& options)
      : options_(options), slots_(flat.slots) {
    for (const auto& slot : slots_) {
      p_.push_back(view_of(flat.parameters, slot).to(at::kDouble));
      b_.emplace_back();
    }
  }
  void step(const at::Tensor& gradients, double lr, double momentum) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      at::Tensor d = view_of(gradients, slots_[i]).to(at::kDouble);
      if (slots_[i].decay || options_.decay_norm_and_bias) d = d + options_.weight_decay * p_[i];
      if (momentum != 0) {
        b_[i] = b_[i].defined() ? momentum * b_[i] + (1 - options_.dampening) * d : d;
        d = options_.nesterov ? d + momentum * b_[i] : b_[i];
      }
      p_[i] = p_[i] - lr * d;
    }
  }
  void expect_same(const Sgd& sgd) const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const auto same = [&](const at::Tensor& flat, const at::Tensor& expected) {
        return at::allclose(view_of(flat, slots_[i]).to(at::kDouble), expected, 1e-5, 1e-6);
      };
      EXPECT_TRUE(same(sgd.flat_parameters(), p_[i])) << slots_[i].name;
      EXPECT_TRUE(!b_[i].defined() || same(sgd.momentum_buffer(), b_[i])) << slots_[i].name;
    }
  }

 private:
  OptimizerOptions options_;
  std::vector<ParameterSlot> slots_;
  std::vector<at::Tensor> p_, b_;
};

class SgdRule : public ::testing::TestWithParam<OptimizerOptions> {};

TEST_P(SgdRule, FollowsTheReference) {
  Flat flat;
  Sgd sgd(flat.parameters, flat.gradients, flat.slots, GetParam());
  Reference reference(flat, GetParam());
  for (int step = 0; step < 6; ++step) {
    flat.new_gradients();
    // Momentum as a schedule may cycle it; none at all in its first step.
    const double momentum = GetParam().momentum == 0 ? 0 : 0.95 - 0.02 * step;
    reference.step(flat.gradients, 0.1 + 0.05 * step, momentum);
    sgd.step(0.1 + 0.05 * step, momentum);
    EXPECT_EQ(sgd.has_momentum(), momentum != 0);
    reference.expect_same(sgd);
  }
  EXPECT_EQ(flat.parameters.narrow(0, 10, 22).abs().max().item<float>(), 0);  // the gap
}

INSTANTIATE_TEST_SUITE_P(
    Options, SgdRule,
    ::testing::Values(OptimizerOptions{.momentum = 0},
                      OptimizerOptions{.momentum = 0, .weight_decay = 0.01},
                      OptimizerOptions{.momentum = 0.9, .weight_decay = 0.01},
                      OptimizerOptions{.momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
                      OptimizerOptions{.momentum = 0.9, .weight_decay = 0.01, .dampening = 0.5},
                      OptimizerOptions{.weight_decay = 0.5, .decay_norm_and_bias = false}));

TEST(Sgd, TheFirstStepSetsTheBufferToTheGradientWhateverTheDampening) {
  Flat flat;
  Sgd sgd(flat.parameters, flat.gradients, flat.slots, {.momentum = 0.9, .dampening = 0.7});
  sgd.step(0.1);
  EXPECT_TRUE(at::equal(sgd.momentum_buffer(), flat.gradients));
}

TEST(Sgd, RestoredMomentumGoesOnWithTheSameBits) {
  Flat flat;
  const OptimizerOptions options{.momentum = 0.9, .weight_decay = 0.01};
  Sgd sgd(flat.parameters, flat.gradients, flat.slots, options);
  sgd.step(0.1);
  const at::Tensor parameters = flat.parameters.clone();
  Sgd restored(parameters, flat.gradients, flat.slots, options);
  restored.momentum_buffer().copy_(sgd.momentum_buffer());
  restored.set_has_momentum(true);
  sgd.step(0.2);
  restored.step(0.2);
  EXPECT_TRUE(at::equal(parameters, flat.parameters));

  restored.set_has_momentum(false);
  EXPECT_EQ(restored.momentum_buffer().abs().max().item<float>(), 0);
}

TEST(Sgd, ThreadsDoNotChangeABit) {
  constexpr std::int64_t kElems = 1'000'003;
  const at::Tensor start = at::randn({kElems}), gradients = at::randn({kElems});
  const std::vector<ParameterSlot> slots = {{"weight", 0, kElems, true, {kElems}, {1}}};
  const int threads_before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2, 3, 7}) {
    at::set_num_threads(threads);
    at::Tensor parameters = start.clone();
    Sgd sgd(parameters, gradients, slots, {.weight_decay = 1e-4, .nesterov = true});
    for (int step = 0; step < 3; ++step) sgd.step(0.1);
    results.push_back(parameters);
  }
  at::set_num_threads(threads_before);
  for (const auto& result : results) EXPECT_TRUE(at::equal(result, results.front()));
}

// Three of them update a part each, with one momentum: together they do what one does.
TEST(Sgd, PartsMakeTheSameUpdateToTheBit) {
  Flat whole;
  Flat split;
  split.parameters.copy_(whole.parameters);
  const OptimizerOptions options{
      .momentum = 0.9, .weight_decay = 0.01, .nesterov = true, .decay_norm_and_bias = false};
  Sgd one(whole.parameters, whole.gradients, whole.slots, options);
  const at::Tensor momentum = at::zeros({64});
  std::vector<std::unique_ptr<Sgd>> several;
  for (const UpdatePart& part : split_update({0, 32}, 64, 3)) {
    several.push_back(std::make_unique<Sgd>(split.parameters, whole.gradients, split.slots, options,
                                            UpdateWork{part, momentum}));
  }
  for (int step = 0; step < 3; ++step) {
    whole.new_gradients();
    one.step(0.1);
    const at::Tensor before = split.parameters.clone();
    several[0]->step(0.1);
    EXPECT_TRUE(at::equal(split.parameters.narrow(0, 32, 32), before.narrow(0, 32, 32)));
    several[1]->step(0.1);
    several[2]->step(0.1);
    EXPECT_TRUE(at::equal(split.parameters, whole.parameters)) << step;
    EXPECT_TRUE(at::equal(momentum, one.momentum_buffer())) << step;
  }
  EXPECT_EQ(several[2]->slots().size(), 2U);  // a state dict has them all
}

TEST(Sgd, RefusesWhatTorchRefuses) {
  Flat flat;
  const auto message = [&](const OptimizerOptions& options) -> std::string {
    try {
      Sgd sgd(flat.parameters, flat.gradients, flat.slots, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message({.momentum = -1}), ::testing::HasSubstr("momentum = -1"));
  EXPECT_THAT(message({.weight_decay = -1}), ::testing::HasSubstr("weight_decay = -1"));
  EXPECT_THAT(message({.momentum = 0, .nesterov = true}), ::testing::HasSubstr("nesterov"));
  EXPECT_THAT(message({.nesterov = true, .dampening = 0.1}), ::testing::HasSubstr("nesterov"));
}

TEST(Sgd, OverlappingSlotsAreABug) {
  Flat flat;
  flat.slots[1].count_elems = 33;
  EXPECT_THROW(Sgd(flat.parameters, flat.gradients, flat.slots, {}), Error);
}

TEST(Slots, AreReadOffAView) {
  const at::Tensor all = at::zeros({100});
  const at::Tensor flat = all.narrow(0, 20, 80);  // the flat tensor may itself be a part
  const at::Tensor weight = flat.narrow(0, 16, 48).as_strided({2, 4, 3, 2}, {24, 1, 8, 4}, 36);
  const ParameterSlot slot = slot_of("w", weight, flat);
  EXPECT_EQ(slot.offset_elems, 16);
  EXPECT_EQ(slot.count_elems, 48);
  EXPECT_TRUE(slot.decay);
  view_of(flat, slot).fill_(3);
  EXPECT_EQ(weight.min().item<float>(), 3);
  EXPECT_EQ(all.sum().item<float>(), 3 * 48);
  EXPECT_FALSE(slot_of("b", flat.narrow(0, 0, 4), flat).decay);
  EXPECT_THROW((void)slot_of("elsewhere", at::zeros({4}), flat), Error);
}

}  // namespace
}  // namespace ringmaster::optim
