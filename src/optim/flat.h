// Parameters as ranges of one flat tensor: what lets an optimizer step be one pass over memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ringmaster::optim {

// A parameter's place in the flat tensor, and its shape there.
struct ParameterSlot {
  std::string name;
  std::int64_t offset_elems = 0;
  std::int64_t count_elems = 0;
  // False for biases and for batch norm's scale and shift, which a recipe may exempt from weight
  // decay.
  bool decay = true;
  std::vector<std::int64_t> sizes, strides;
};

// The slot of `parameter`, which must be a dense view into the 1-d tensor `flat` (any memory
// format). Its `decay` is true for tensors of two and more dimensions.
[[nodiscard]] ParameterSlot slot_of(const std::string& name, const at::Tensor& parameter,
                                    const at::Tensor& flat);

// The view of `slot` in `flat` or in any tensor of the same layout (gradients, momentum).
[[nodiscard]] at::Tensor view_of(const at::Tensor& flat, const ParameterSlot& slot);

}  // namespace ringmaster::optim
