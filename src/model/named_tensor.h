#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

// A parameter or buffer under the name that torchvision's state_dict() gives it. A handle: it
// shares the model's memory.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

}  // namespace ringmaster::model
