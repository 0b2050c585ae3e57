#include "model/hits.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/stack.h>

#include "base/check.h"

namespace ringmaster::model {

at::Tensor ranks_of_targets(const at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard no_grad;
  RM_CHECK(logits.dim() == 2 && targets.dim() == 1 && logits.size(0) == targets.size(0),
           "logits are ", logits.sizes(), ", targets ", targets.sizes());
  const at::Tensor column = targets.unsqueeze(1);
  const at::Tensor own = logits.gather(1, column);
  const at::Tensor lower_index = at::arange(logits.size(1), targets.options()) < column;
  const at::Tensor ranks = ((logits > own) | ((logits == own) & lower_index)).sum(1);
  return ranks.masked_fill(at::isnan(logits).any(1), logits.size(1));
}

at::Tensor predictions(const at::Tensor& logits) {
  const at::NoGradGuard no_grad;
  RM_CHECK(logits.dim() == 2, "logits are ", logits.sizes());
  // argmax() gives the first of several maxima.
  return logits.argmax(1).masked_fill(at::isnan(logits).any(1), -1);
}

Hits count_hits(const at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard no_grad;
  const at::Tensor ranks = ranks_of_targets(logits, targets);
  // A row with a NaN has as its rank the number of classes, which may be below 5.
  const at::Tensor sound = ranks < logits.size(1);
  const at::Tensor counts =
      at::stack({((ranks < 1) & sound).sum(), ((ranks < 5) & sound).sum()}).cpu();
  const auto* values = counts.const_data_ptr<std::int64_t>();
  return {values[0], values[1]};
}

}  // namespace ringmaster::model
