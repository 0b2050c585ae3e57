#include "optim/flat.h"

#include "base/check.h"

namespace ringmaster::optim {

ParameterSlot slot_of(const std::string& name, const at::Tensor& parameter,
                      const at::Tensor& flat) {
  RM_CHECK(parameter.is_non_overlapping_and_dense(), name, " is not dense");
  RM_CHECK(parameter.scalar_type() == flat.scalar_type(), name, " has another dtype");
  RM_CHECK(parameter.storage().is_alias_of(flat.storage()), name, " does not lie in flat memory");
  ParameterSlot slot;
  slot.name = name;
  slot.offset_elems = parameter.storage_offset() - flat.storage_offset();
  slot.count_elems = parameter.numel();
  slot.decay = parameter.dim() >= 2;
  slot.sizes = parameter.sizes().vec();
  slot.strides = parameter.strides().vec();
  RM_CHECK_LE(0, slot.offset_elems, name);
  RM_CHECK_LE(slot.offset_elems + slot.count_elems, flat.numel(), name);
  return slot;
}

at::Tensor view_of(const at::Tensor& flat, const ParameterSlot& slot) {
  RM_CHECK_LE(slot.offset_elems + slot.count_elems, flat.numel(), slot.name);
  return flat.as_strided(slot.sizes, slot.strides, flat.storage_offset() + slot.offset_elems);
}

}  // namespace ringmaster::optim
