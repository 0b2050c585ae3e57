// Weights of others, made sure of and named as ours.
#pragma once

#include <string>

#include "base/file.h"
#include "ckpt/tensor_archive.h"
#include "model/resnet.h"

namespace ringmaster::train {

struct ImportedWeights {
  model::ModelOptions model;  // name, classes, small_input
  ckpt::NamedTensors state;   // all of the model's, in torchvision's order
};

// Reads `path` (ckpt::read_weights_file()) and loads it into a model of `name`, or where that is
// "auto" into the one that names and shapes say. Error{kInvalidArgument} where there is none, or
// something is missing, extra or of another shape: named.
[[nodiscard]] ImportedWeights import_weights(FileSystem& files, const std::string& path,
                                             const std::string& name);

// The model that weights are of. Error{kInvalidArgument} where it is none of ours.
[[nodiscard]] model::ModelOptions model_of(const ckpt::NamedTensors& weights,
                                           const std::string& path);

}  // namespace ringmaster::train
