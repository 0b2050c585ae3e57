#include "train/flat_model.h"

#include <algorithm>

#include <ATen/ops/zeros.h>

#include "base/check.h"
#include "grad/flat_tensors.h"

namespace ringmaster::train {
namespace {

std::vector<at::Tensor> tensors_of(const std::vector<model::NamedTensor>& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& entry : named) tensors.push_back(entry.tensor);
  return tensors;
}

}  // namespace

std::vector<grad::TensorSize> sizes_of(const std::vector<model::NamedTensor>& tensors) {
  std::vector<grad::TensorSize> sizes;
  for (const auto& entry : tensors) sizes.push_back({entry.name, entry.tensor.numel()});
  return sizes;
}

FlatModel flatten(const std::vector<model::NamedTensor>& parameters,
                  const std::vector<model::NamedTensor>& statistics, const grad::BucketPlan& plan,
                  comm::Engine& engine, int ranks, const UpdateShare* share) {
  RM_CHECK(!parameters.empty(), "a model without trained parameters");
  FlatModel flat;
  // Without the statistics, which come first in the arena.
  std::vector<grad::Slot> slots = plan.parameters;
  for (grad::Slot& slot : slots) slot.offset_elems -= plan.gradients_offset_elems;
  std::vector<at::Tensor> reversed = tensors_of(parameters);
  std::reverse(reversed.begin(), reversed.end());
  flat.parameters = share != nullptr ? share->parameters()
                                     : at::zeros({plan.total_elems - plan.gradients_offset_elems},
                                                 reversed.front().options().requires_grad(false));
  grad::move_into(flat.parameters, slots, reversed);
  for (const auto& entry : parameters)
    flat.slots.push_back(optim::slot_of(entry.name, entry.tensor, flat.parameters));
  flat.gradients = std::make_unique<grad::Gradients>(engine, ranks, plan, tensors_of(parameters),
                                                     tensors_of(statistics));
  return flat;
}

}  // namespace ringmaster::train
