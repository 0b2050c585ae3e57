#include "optim/lars.h"

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include "base/check.h"

namespace ringmaster::optim {

Lars::Lars(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
           std::vector<ParameterSlot> slots, const LarsOptions& options, UpdateWork work)
    : Optimizer(flat_parameters, flat_gradients, std::move(slots), options, std::move(work)),
      trust_coefficient_(options.trust_coefficient) {
  RM_REQUIRE(!options.nesterov && options.dampening == 0, ErrorKind::kInvalidArgument,
             "lars has neither nesterov nor dampening: leave them off");
  RM_REQUIRE(trust_coefficient_ > 0, ErrorKind::kInvalidArgument,
             "trust_coefficient = ", trust_coefficient_, ": it must be above 0");
  const auto range = [](const at::Tensor& flat, std::int64_t begin, std::int64_t count) {
    return flat.narrow(0, begin, count);
  };
  const std::int64_t begin = part().begin_elems, count = part().end_elems - begin;
  updated_ = range(parameters(), begin, count);
  updated_gradients_ = range(gradients(), begin, count);
  updated_momentum_ = range(momentum(), begin, count);
  for (const ParameterSlot* slot : slots_to_update()) {
    const at::Tensor weight = range(parameters(), slot->offset_elems, slot->count_elems);
    const at::Tensor gradient = range(gradients(), slot->offset_elems, slot->count_elems);
    if (decays(*slot)) {
      decayed_.push_back(weight);
      decayed_gradients_.push_back(gradient);
    }
    if (!slot->decay) continue;
    weights_.push_back(weight);
    weight_gradients_.push_back(gradient);
  }
}

void Lars::step(double lr, double factor) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> trust;
  if (!weights_.empty()) {
    const at::Tensor weight_norms = at::stack(at::_foreach_norm(weights_, 2));
    const at::Tensor gradient_norms = at::stack(at::_foreach_norm(weight_gradients_, 2));
    const at::Tensor ratio = weight_norms.mul(trust_coefficient_)
                                 .div(gradient_norms.add(weight_norms, options().weight_decay));
    // On the device: no rate has to come back to the host.
    trust = at::where(weight_norms.gt(0).logical_and(gradient_norms.gt(0)), ratio, 1.0).unbind();
  }
  if (options().weight_decay != 0 && !decayed_.empty())
    at::_foreach_add_(decayed_gradients_, decayed_, options().weight_decay);
  if (!trust.empty()) at::_foreach_mul_(weight_gradients_, trust);
  updated_momentum_.mul_(factor).add_(updated_gradients_, lr);
  updated_.sub_(updated_momentum_);
  if (factor != 0) set_has_momentum(true);
}

}  // namespace ringmaster::optim
