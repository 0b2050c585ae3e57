#include "model/loss.h"

#include <optional>

#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/sum.h>

namespace ringmaster::model {
namespace {

constexpr std::int64_t kIgnoreNone = -100;  // PyTorch's default: a target that never occurs here

}  // namespace

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets,
                         double label_smoothing) {
  return at::cross_entropy_loss(logits.to(at::kFloat), targets, std::nullopt, at::Reduction::Mean,
                                kIgnoreNone, label_smoothing);
}

double loss_sum(const at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard no_grad;
  const at::Tensor losses = at::cross_entropy_loss(logits.to(at::kFloat), targets, std::nullopt,
                                                   at::Reduction::None, kIgnoreNone, 0.0);
  return losses.sum(at::kDouble).item<double>();
}

}  // namespace ringmaster::model
