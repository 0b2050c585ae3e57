// Which model weights are of, by their names and shapes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/resnet.h"

namespace ringmaster::model {

using Shapes = std::map<std::string, std::vector<std::int64_t>>;  // of a state dict, by name

// Name, classes and small_input of the one model here that has such convolutions, or nothing. That
// all names and shapes fit, only loading them tells.
[[nodiscard]] std::optional<ModelOptions> recognise(const Shapes& shapes);

}  // namespace ringmaster::model
