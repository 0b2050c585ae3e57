#include "optim/optimizer.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/zeros_like.h>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

// The conditions of torch.optim.SGD's constructor.
void check_options(const OptimizerOptions& options) {
  const auto require = [](bool holds, const char* key, double value, const char* rule) {
    RM_REQUIRE(holds, ErrorKind::kInvalidArgument, key, " = ", value, ": ", rule);
  };
  require(options.momentum >= 0, "momentum", options.momentum, "it must be 0 or more");
  require(options.weight_decay >= 0, "weight_decay", options.weight_decay, "it must be 0 or more");
  require(!options.nesterov || (options.momentum > 0 && options.dampening == 0), "momentum",
          options.momentum, "nesterov needs a momentum above 0 and no dampening");
}

}  // namespace

Optimizer::Optimizer(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
                     std::vector<ParameterSlot> slots, const OptimizerOptions& options,
                     UpdateWork work)
    : parameters_(flat_parameters.detach()),
      gradients_(flat_gradients.detach()),
      momentum_(std::move(work.momentum)),
      slots_(std::move(slots)),
      options_(options),
      part_(work.part) {
  check_options(options);
  RM_CHECK(parameters_.dim() == 1 && parameters_.scalar_type() == at::kFloat, "flat parameters");
  RM_CHECK(gradients_.scalar_type() == at::kFloat && gradients_.sizes() == parameters_.sizes() &&
               gradients_.device() == parameters_.device(),
           "flat gradients must have the parameters' layout");
  part_.end_elems = std::min(part_.end_elems, parameters_.numel());
  if (!momentum_.defined()) momentum_ = at::zeros_like(parameters_);
  RM_CHECK_EQ(momentum_.numel(), parameters_.numel(), "momentum in the parameters' layout");
  std::int64_t end = part_.begin_elems;
  for (const ParameterSlot* slot : slots_to_update()) {
    RM_CHECK_LE(end, slot->offset_elems, slot->name);
    end = slot->offset_elems + slot->count_elems;
    RM_CHECK_LE(end, part_.end_elems, slot->name);
  }
}

std::vector<const ParameterSlot*> Optimizer::slots_to_update() const {
  std::vector<const ParameterSlot*> sorted;
  for (const ParameterSlot& slot : slots_) {
    if (part_.has(slot.offset_elems)) sorted.push_back(&slot);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->offset_elems < b->offset_elems; });
  return sorted;
}

void Optimizer::set_has_momentum(bool filled) {
  has_momentum_ = filled;
  if (!filled) momentum_.zero_();
}

}  // namespace ringmaster::optim
