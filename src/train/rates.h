// The learning rates of a run, out of its options.
#pragma once

#include <cstdint>
#include <memory>

#include "optim/schedule.h"
#include "train/options.h"

namespace ringmaster::train {

// Epochs become steps; with lr_batch the rate is scaled to the global batch (Goyal et al.,
// arXiv:1706.02677, §2.1). Error{kInvalidArgument} names the key of a bad value.
[[nodiscard]] std::unique_ptr<optim::Schedule> schedule_of(const TrainOptions& options,
                                                           std::int64_t steps_per_epoch);

}  // namespace ringmaster::train
