// The averaged weights of a run: made, saved, restored.
#pragma once

#include <memory>
#include <string>

#include "ckpt/tensor_archive.h"
#include "optim/ema.h"
#include "train/assemble.h"

namespace ringmaster::train {

// Beside the run's live weights; null where ema_decay is 0.
[[nodiscard]] std::unique_ptr<optim::Ema> make_ema(const TrainOptions& options, const Parts& parts);

// The averages under the names of the model's state, as views; what is not averaged (batch norm's
// counters) is the model's own. Empty without averages.
[[nodiscard]] ckpt::NamedTensors ema_state(const Parts& parts);

// Puts the averages of `saved`, read from `path`, into the run's. Error{kInvalidArgument} where one
// is missing or of another shape: then some may have changed. Does nothing without averages.
void restore_ema(const ckpt::NamedTensors& saved, const std::string& path, const Parts& parts);

}  // namespace ringmaster::train
