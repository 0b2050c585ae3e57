#include "grad/flat_tensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/contiguous.h>

#include "base/check.h"

namespace ringmaster::grad {

at::Tensor view_of_slot(const at::Tensor& flat, const Slot& slot, const at::Tensor& like) {
  RM_CHECK_EQ(slot.count_elems, like.numel(), slot.name);
  RM_CHECK_LE(slot.offset_elems + slot.count_elems, flat.numel(), slot.name);
  const at::Tensor range = flat.narrow(0, slot.offset_elems, slot.count_elems);
  if (like.is_non_overlapping_and_dense()) {
    return range.as_strided(like.sizes(), like.strides(), range.storage_offset());
  }
  return range.view(like.sizes());
}

void move_into(const at::Tensor& flat, const std::vector<Slot>& slots,
               std::vector<at::Tensor>& tensors) {
  RM_CHECK_EQ(slots.size(), tensors.size());
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    at::Tensor view = view_of_slot(flat, slots[i], tensors[i]);
    view.copy_(tensors[i]);
    tensors[i].set_data(view);
  }
}

}  // namespace ringmaster::grad
