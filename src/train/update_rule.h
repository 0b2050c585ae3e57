// The optimizer of a run, out of its options.
#pragma once

#include <memory>
#include <vector>

#include "optim/optimizer.h"
#include "train/options.h"

namespace ringmaster::train {

// Over flat memory, which it shares: `flat_parameters` and `flat_gradients` have the same layout,
// of which `slots` says what lies where. `work`: what it is to update, if not all.
[[nodiscard]] std::unique_ptr<optim::Optimizer> make_optimizer(
    const TrainOptions& options, const at::Tensor& flat_parameters,
    const at::Tensor& flat_gradients, std::vector<optim::ParameterSlot> slots,
    optim::UpdateWork work);

}  // namespace ringmaster::train
