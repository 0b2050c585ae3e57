// Snapshots for tests: small, with something of everything.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "ckpt/snapshot.h"

namespace ringmaster::testing {

// All values follow from `step`.
inline ckpt::Snapshot small_snapshot(std::int64_t step) {
  const auto filled = [&](at::IntArrayRef sizes, double offset) {
    return at::full(sizes, static_cast<double>(step) + offset, at::kFloat);
  };
  ckpt::Snapshot snapshot;
  snapshot.model = {{"conv1.weight", filled({4, 3, 3, 3}, 0.25)},
                    {"bn1.weight", filled({4}, 0.5)},
                    {"bn1.num_batches_tracked", at::full({}, step, at::kLong)}};
  snapshot.optimizer.groups = {{0.1, 0.9, 0, 1e-4, true, {0}}, {0.1, 0.9, 0, 0, true, {1}}};
  snapshot.optimizer.momentum_buffers = {filled({4, 3, 3, 3}, 0.75), filled({4}, 0.125)};
  snapshot.scaler = optim::LossScalerState{.scale = 32768.0 * static_cast<double>(step + 1),
                                           .growth_tracker = step % 7};
  snapshot.progress = {{"step", step}, {"far", std::int64_t{1} << 40}, {"back", -5}};
  snapshot.numbers = {{"best_top1", 75.27}, {"none", 0.0}};
  snapshot.texts = {{"config", "model = resnet50\nlabel = \"\u00e9\"\n"}, {"empty", ""}};
  return snapshot;
}

inline void expect_same(const ckpt::NamedTensors& a, const ckpt::NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_EQ(a[i].second.scalar_type(), b[i].second.scalar_type()) << a[i].first;
    EXPECT_TRUE(at::equal(a[i].second, b[i].second)) << a[i].first;
  }
}

inline void expect_same(const ckpt::Snapshot& a, const ckpt::Snapshot& b) {
  expect_same(a.model, b.model);
  expect_same(a.ema, b.ema);
  ASSERT_EQ(a.scaler.has_value(), b.scaler.has_value());
  if (a.scaler) {
    EXPECT_EQ(a.scaler->scale, b.scaler->scale);
    EXPECT_EQ(a.scaler->growth_tracker, b.scaler->growth_tracker);
    EXPECT_EQ(a.scaler->growth_interval, b.scaler->growth_interval);
  }
  EXPECT_EQ(a.progress, b.progress);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_EQ(a.texts, b.texts);
  ASSERT_EQ(a.optimizer.groups.size(), b.optimizer.groups.size());
  for (std::size_t i = 0; i < a.optimizer.groups.size(); ++i) {
    const auto &x = a.optimizer.groups[i], &y = b.optimizer.groups[i];
    EXPECT_EQ(std::tie(x.lr, x.momentum, x.dampening, x.weight_decay, x.nesterov, x.parameters),
              std::tie(y.lr, y.momentum, y.dampening, y.weight_decay, y.nesterov, y.parameters));
  }
  const auto &x = a.optimizer.momentum_buffers, &y = b.optimizer.momentum_buffers;
  ASSERT_EQ(x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(x[i].defined(), y[i].defined()) << i;
    EXPECT_TRUE(!x[i].defined() || at::equal(x[i], y[i])) << i;
  }
}

}  // namespace ringmaster::testing
