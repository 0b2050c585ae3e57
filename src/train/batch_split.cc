#include "train/batch_split.h"

#include "base/check.h"

namespace ringmaster::train {

int micro_batches_of(const TrainOptions& options, int ranks) {
  const std::int64_t share = options.global_batch / ranks;
  if (options.micro_batch == 0 || share == 0)
    return 1;  // a batch that does not divide is refused by the plan
  RM_REQUIRE(share % options.micro_batch == 0, ErrorKind::kInvalidArgument,
             "micro_batch = ", options.micro_batch,
             " does not divide a rank's share of global_batch, ", share,
             ": take a divisor of it, or 0 for all at once");
  return static_cast<int>(share / options.micro_batch);
}

data::EpochPlan epoch_plan(const TrainOptions& options, std::int64_t samples,
                           const std::vector<std::int64_t>& shard_sizes, int ranks,
                           int micro_batches) {
  data::EpochPlanOptions plan;
  plan.samples = samples;
  plan.global_batch = options.global_batch;
  plan.ranks = ranks;
  plan.micro_batches = micro_batches;
  plan.seed = static_cast<std::uint64_t>(options.seed);
  plan.window = options.order_window;
  if (options.order == "sharded") plan.shard_sizes = shard_sizes;
  return data::EpochPlan(plan);
}

}  // namespace ringmaster::train
