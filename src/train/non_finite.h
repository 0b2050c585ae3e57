// What to say of a step whose loss or gradients are not finite: rank, samples, layer, and the batch
// in a file.
#pragma once

#include <optional>
#include <string>

#include "train/assemble.h"
#include "train/forward.h"
#include "train/progress.h"

namespace ringmaster::train {

struct NonFiniteFinding {
  std::string text;   // the same on every rank: of the first rank that found something
  std::string where;  // of this rank, with all its samples; empty: everything was finite here
};

// Collective, after a step that was StepOutcome::kNotFinite. `before`: the progress before it.
//
// Makes the step's forward and backward again, on each rank by itself, and looks at every layer's
// output in order, then at the loss, then at the gradients in the order in which they arrive: the
// first that is not finite is named. A rank that finds one writes its micro-batch to
// `folder`/stepNNNNNN_rankNNN.pt: torch.load(path) gives a dict of "images" (as the network saw
// them, [N, 3, H, W]), "targets", "sample_ids", and with Mixup or CutMix "target_weights".
//
// Afterwards the loader stands behind the step, and weights and buffers are as they were; the
// gradients are anything. Errors: the loader's; Error{kIo} where the batch can't be written.
[[nodiscard]] NonFiniteFinding find_non_finite(Parts& parts, const RunContext& context,
                                               const ForwardOptions& options,
                                               const Progress& before, const std::string& folder,
                                               Deadline deadline);

// What the log says of a step with `totals` that is skipped. Error{kInvalidArgument} where
// non_finite or its budget does not let it be: the same on every rank.
[[nodiscard]] std::string skip_or_stop(const NonFiniteFinding& finding, const Totals& totals,
                                       const Progress& before, const TrainOptions& options);

}  // namespace ringmaster::train
