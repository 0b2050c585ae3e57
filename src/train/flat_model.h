// A model's trained parameters in flat memory, as optimizer and ring want them.
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "comm/engine.h"
#include "grad/bucket_plan.h"
#include "grad/gradients.h"
#include "model/named_tensor.h"
#include "optim/flat.h"
#include "train/update_share.h"

namespace ringmaster::train {

struct FlatModel {
  at::Tensor parameters;  // every trained parameter, in the order of the gradients' plan
  std::vector<optim::ParameterSlot> slots;     // of `parameters`, in the model's order
  std::unique_ptr<grad::Gradients> gradients;  // must end before the engine
};

// What a plan is made of.
[[nodiscard]] std::vector<grad::TensorSize> sizes_of(
    const std::vector<model::NamedTensor>& tensors);

// Moves `parameters` into one buffer on their device, laid out as the gradients are, and their
// gradients and `statistics` into the arena of `engine`; the tensors keep values and identity.
// `plan`: of the same tensors. `share`: whose memory the parameters move into; null: their own.
[[nodiscard]] FlatModel flatten(const std::vector<model::NamedTensor>& parameters,
                                const std::vector<model::NamedTensor>& statistics,
                                const grad::BucketPlan& plan, comm::Engine& engine, int ranks,
                                const UpdateShare* share);

}  // namespace ringmaster::train
