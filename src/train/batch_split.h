// How a global batch is dealt to ranks and micro-batches: the same for a run and for its plan.
#pragma once

#include <cstdint>
#include <vector>

#include "data/epoch_plan.h"
#include "train/options.h"

namespace ringmaster::train {

// Micro-batches of a step: the rank's share of the global batch in pieces of `micro_batch`.
// Error{kInvalidArgument} where that does not divide it.
[[nodiscard]] int micro_batches_of(const TrainOptions& options, int ranks);

// Of a training set with so many samples, in shards of these sizes (needed for order = sharded
// alone). Error{kInvalidArgument} names the key to change.
[[nodiscard]] data::EpochPlan epoch_plan(const TrainOptions& options, std::int64_t samples,
                                         const std::vector<std::int64_t>& shard_sizes, int ranks,
                                         int micro_batches);

}  // namespace ringmaster::train
