#include "optim/sgd.h"

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_sgd.h>

namespace ringmaster::optim {

Sgd::Sgd(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
         std::vector<ParameterSlot> slots, const OptimizerOptions& options, UpdateWork work)
    : Optimizer(flat_parameters, flat_gradients, std::move(slots), options, std::move(work)),
      ranges_(ranges_of_slots()) {}

std::vector<Sgd::Range> Sgd::ranges_of_slots() const {
  std::vector<Range> ranges;
  for (const ParameterSlot* slot : slots_to_update()) {
    const double weight_decay = decays(*slot) ? options().weight_decay : 0;
    const std::int64_t end = slot->offset_elems + slot->count_elems;
    if (!ranges.empty() && ranges.back().weight_decay == weight_decay) {
      ranges.back().end_elems = end;  // with the gap between them: it is zero and stays zero
    } else {
      ranges.push_back({slot->offset_elems, end, weight_decay});
    }
  }
  return ranges;
}

void Sgd::step(double lr, double momentum) {
  const at::NoGradGuard no_grad;
  for (const Range& range : ranges_) step_range(range, lr, momentum);
  if (momentum != 0) set_has_momentum(true);
}

void Sgd::step_range(const Range& range, double lr, double factor) {
  const auto part = [&](const at::Tensor& flat) {
    return flat.narrow(0, range.offset_elems, range.end_elems - range.offset_elems);
  };
  std::vector<at::Tensor> buffers;
  if (factor != 0) buffers.push_back(part(momentum()));
  at::_fused_sgd_({part(parameters())}, {part(gradients())}, buffers, range.weight_decay, factor,
                  lr, options().dampening, options().nesterov && factor != 0, /*maximize=*/false,
                  /*is_first_step=*/!has_momentum());
}

}  // namespace ringmaster::optim
