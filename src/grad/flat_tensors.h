// Tensors as views into one flat buffer, with the strides that they had.
#pragma once

#include <ATen/core/Tensor.h>

#include "grad/bucket_plan.h"

namespace ringmaster::grad {

// A view of `slot` in the 1-d tensor `flat`, of `like`'s shape and, where those are dense
// (channels-last is), its strides; contiguous otherwise.
[[nodiscard]] at::Tensor view_of_slot(const at::Tensor& flat, const Slot& slot,
                                      const at::Tensor& like);

// Moves the data of `tensors` into `flat` (1-d, their dtype and device): each becomes a view of its
// slot and keeps its values. `tensors` and `slots` run in parallel. Autograd's identity of a
// parameter (who holds it, its hooks) stays.
void move_into(const at::Tensor& flat, const std::vector<Slot>& slots,
               std::vector<at::Tensor>& tensors);

}  // namespace ringmaster::grad
