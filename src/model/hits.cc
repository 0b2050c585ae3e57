#include "model/hits.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/stack.h>

#include "base/check.h"

namespace ringmaster::model {

Hits count_hits(const at::Tensor& logits, const at::Tensor& targets) {
  const at::NoGradGuard no_grad;
  RM_CHECK(logits.dim() == 2 && targets.dim() == 1 && logits.size(0) == targets.size(0),
           "logits are ", logits.sizes(), ", targets ", targets.sizes());
  const at::Tensor column = targets.unsqueeze(1);
  const at::Tensor own = logits.gather(1, column);
  const at::Tensor lower_index = at::arange(logits.size(1), targets.options()) < column;
  const at::Tensor rank = ((logits > own) | ((logits == own) & lower_index)).sum(1);
  const at::Tensor sound = ~at::isnan(logits).any(1);
  const at::Tensor counts =
      at::stack({((rank < 1) & sound).sum(), ((rank < 5) & sound).sum()}).cpu();
  const auto* values = counts.const_data_ptr<std::int64_t>();
  return {values[0], values[1]};
}

}  // namespace ringmaster::model
