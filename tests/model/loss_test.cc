#include "model/loss.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace ringmaster::model {
namespace {

// Straight from the definition, in double precision.
std::vector<double> reference(const at::Tensor& logits, const std::vector<std::int64_t>& targets,
                              double smoothing) {
  std::vector<double> losses;
  const std::int64_t classes = logits.size(1);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const at::Tensor row = logits[static_cast<std::int64_t>(i)];
    double sum = 0, mean_log = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(row[c].item<double>());
    for (std::int64_t c = 0; c < classes; ++c)
      mean_log += (row[c].item<double>() - std::log(sum)) / static_cast<double>(classes);
    const double own_log = row[targets[i]].item<double>() - std::log(sum);
    losses.push_back(-(1 - smoothing) * own_log - smoothing * mean_log);
  }
  return losses;
}

class LossTest : public ::testing::Test {
 protected:
  const at::Tensor logits_ = at::randn({5, 7}) * 3;
  const std::vector<std::int64_t> list_ = {0, 6, 3, 3, 1};
  const at::Tensor targets_ = at::tensor(list_);
};

TEST_F(LossTest, MeanWithAndWithoutSmoothing) {
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    double mean = 0;
    for (const double loss : reference(logits_, list_, smoothing)) mean += loss / 5;
    EXPECT_NEAR(cross_entropy(logits_, targets_, smoothing).item<double>(), mean, 1e-5)
        << smoothing;
  }
}

TEST_F(LossTest, SumIsOverTheBatchWithoutSmoothing) {
  double sum = 0;
  for (const double loss : reference(logits_, list_, 0)) sum += loss;
  EXPECT_NEAR(loss_sum(logits_, targets_), sum, 1e-5);
}

TEST_F(LossTest, LowPrecisionLogitsAreWidenedFirst) {
  const at::Tensor half = logits_.to(at::kBFloat16);
  const at::Tensor loss = cross_entropy(half, targets_, 0.1);
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_EQ(loss.item<float>(), cross_entropy(half.to(at::kFloat), targets_, 0.1).item<float>());
}

}  // namespace
}  // namespace ringmaster::model
