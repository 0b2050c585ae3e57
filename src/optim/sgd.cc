#include "optim/sgd.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

// The conditions of torch.optim.SGD's constructor.
void check_options(const SgdOptions& options) {
  const auto require = [](bool holds, const char* key, double value, const char* rule) {
    RM_REQUIRE(holds, ErrorKind::kInvalidArgument, key, " = ", value, ": ", rule);
  };
  require(options.momentum >= 0, "momentum", options.momentum, "it must be 0 or more");
  require(options.weight_decay >= 0, "weight_decay", options.weight_decay, "it must be 0 or more");
  require(!options.nesterov || (options.momentum > 0 && options.dampening == 0), "momentum",
          options.momentum, "nesterov needs a momentum above 0 and no dampening");
}

}  // namespace

Sgd::Sgd(at::Tensor flat_parameters, at::Tensor flat_gradients, std::vector<ParameterSlot> slots,
         const SgdOptions& options)
    : parameters_(flat_parameters.detach()),
      gradients_(flat_gradients.detach()),
      slots_(std::move(slots)),
      options_(options),
      ranges_(ranges_of_slots()) {
  check_options(options);
  RM_CHECK(parameters_.dim() == 1 && parameters_.scalar_type() == at::kFloat, "flat parameters");
  RM_CHECK(gradients_.scalar_type() == at::kFloat && gradients_.sizes() == parameters_.sizes() &&
               gradients_.device() == parameters_.device(),
           "flat gradients must have the parameters' layout");
  momentum_ = at::zeros_like(parameters_);
}

std::vector<Sgd::Range> Sgd::ranges_of_slots() const {
  std::vector<const ParameterSlot*> by_offset;
  for (const ParameterSlot& slot : slots_) by_offset.push_back(&slot);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const auto* a, const auto* b) { return a->offset_elems < b->offset_elems; });
  std::vector<Range> ranges;
  for (const ParameterSlot* slot : by_offset) {
    const bool decayed = slot->decay || options_.decay_norm_and_bias;
    const double weight_decay = decayed ? options_.weight_decay : 0;
    const std::int64_t end = slot->offset_elems + slot->count_elems;
    RM_CHECK_LE(end, parameters_.numel(), slot->name);
    if (!ranges.empty()) RM_CHECK_LE(ranges.back().end_elems, slot->offset_elems, slot->name);
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
  if (momentum != 0) has_momentum_ = true;
}

void Sgd::step_range(const Range& range, double lr, double momentum) {
  const auto part = [&](const at::Tensor& flat) {
    return flat.narrow(0, range.offset_elems, range.end_elems - range.offset_elems);
  };
  std::vector<at::Tensor> buffers;
  if (momentum != 0) buffers.push_back(part(momentum_));
  at::_fused_sgd_({part(parameters_)}, {part(gradients_)}, buffers, range.weight_decay, momentum,
                  lr, options_.dampening, options_.nesterov && momentum != 0, /*maximize=*/false,
                  /*is_first_step=*/!has_momentum_);
}

void Sgd::set_has_momentum(bool filled) {
  has_momentum_ = filled;
  if (!filled) momentum_.zero_();
}

}  // namespace ringmaster::optim
