// What a network costs, by arithmetic over its layers: nothing is built.
#pragma once

#include <cstdint>

#include "model/resnet.h"

namespace ringmaster::plan {

struct NetworkCost {
  std::int64_t parameters = 0;  // trained elements
  std::int64_t statistics = 0;  // batch norm's running means and variances, elements
  double macs = 0;              // multiply-adds of an image's forward pass, convolutions and head
  // Elements that one image's forward pass leaves for the backward pass: every convolution's input
  // and every batch norm's input, each tensor once.
  double saved_elems = 0;
};

// For images of side `pixels`. Error{kInvalidArgument} for an unknown model.
[[nodiscard]] NetworkCost network_cost(const model::ModelOptions& options, std::int64_t pixels);

}  // namespace ringmaster::plan
