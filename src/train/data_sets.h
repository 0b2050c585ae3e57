// The data sets of a run, with who reads what of them, from a copy on the node's own disk where
// that is asked for.
#pragma once

#include <memory>
#include <string>

#include "data/epoch_plan.h"
#include "shard/dataset.h"
#include "shard/manifest.h"
#include "train/options.h"
#include "train/run.h"

namespace ringmaster::train {

// Error{kInvalidArgument} names the key to change.
[[nodiscard]] data::EpochPlan epoch_plan(const TrainOptions& options,
                                         const shard::Manifest& manifest, int ranks,
                                         int micro_batches);
[[nodiscard]] data::EvalPlan eval_plan(const TrainOptions& options, const shard::Manifest& manifest,
                                       int ranks);

// Where the shards lie that this rank reads.
struct StagedData {
  shard::FolderOf folder_of;  // empty without `stage`
  std::string summary;        // for the log; "" without `stage`
};

// Collective where options.stage is given: the first rank of each node copies what the ranks of its
// node read - of "train" what `train` gives them (null: nothing), of "val" their part of `eval` -
// and all wait for it. Errors: data::stage_shards()'s.
[[nodiscard]] StagedData stage_data(const TrainOptions& options, const std::string& data_folder,
                                    const shard::Manifest& manifest, const data::EpochPlan* train,
                                    const data::EvalPlan& eval, const RunContext& context);

}  // namespace ringmaster::train
