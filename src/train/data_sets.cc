#include "train/data_sets.h"

#include <set>
#include <vector>

#include "base/check.h"
#include "base/seconds.h"
#include "data/stage.h"
#include "train/batch_split.h"

namespace ringmaster::train {
namespace {

// A network disk answers several readers faster than one.
constexpr int kStageThreads = 4;

void add_train_shards(const shard::SplitEntry& split, const data::EpochPlan& plan, int rank,
                      std::set<std::string>& names) {
  if (plan.options().shard_sizes.empty()) {
    for (const shard::ShardEntry& entry : split.shards) names.insert(entry.name);
  }
  for (const std::int64_t shard : plan.shards_of(rank))
    names.insert(split.shards[static_cast<std::size_t>(shard)].name);
}

void add_eval_shards(const shard::SplitEntry& split, const data::EvalPlan& plan, int rank,
                     std::set<std::string>& names) {
  if (plan.first_batch(rank) == plan.first_batch(rank + 1)) return;
  const std::int64_t first = plan.sample_ids(plan.first_batch(rank)).front();
  const std::int64_t last = plan.sample_ids(plan.first_batch(rank + 1) - 1).back();
  std::int64_t begin = 0;
  for (const shard::ShardEntry& entry : split.shards) {
    const std::int64_t end = begin + static_cast<std::int64_t>(entry.summary.records);
    if (begin <= last && first < end) names.insert(entry.name);
    begin = end;
  }
}

}  // namespace

data::EpochPlan epoch_plan(const TrainOptions& options, const shard::Manifest& manifest, int ranks,
                           int micro_batches) {
  const shard::SplitEntry& split = manifest.split("train");
  std::vector<std::int64_t> shard_sizes;
  for (const shard::ShardEntry& entry : split.shards)
    shard_sizes.push_back(static_cast<std::int64_t>(entry.summary.records));
  return epoch_plan(options, static_cast<std::int64_t>(split.records()), shard_sizes, ranks,
                    micro_batches);
}

data::EvalPlan eval_plan(const TrainOptions& options, const shard::Manifest& manifest, int ranks) {
  return data::EvalPlan(static_cast<std::int64_t>(manifest.split("val").records()),
                        options.eval_batch, ranks);
}

StagedData stage_data(const TrainOptions& options, const std::string& data_folder,
                      const shard::Manifest& manifest, const data::EpochPlan* train,
                      const data::EvalPlan& eval, const RunContext& context) {
  if (options.stage.empty()) return {};
  const comm::World& world = context.control.world();
  const auto deadline = deadline_in(options.stage_deadline_s);
  std::set<std::string> names;
  for (int rank = 0; rank < world.size; ++rank) {
    if (world.hosts[static_cast<std::size_t>(rank)] != world.host()) continue;
    if (train != nullptr) add_train_shards(manifest.split("train"), *train, rank, names);
    add_eval_shards(manifest.split("val"), eval, rank, names);
  }
  StagedData staged;
  const std::string folder = data::stage_folder(options.stage, manifest);
  if (world.local_rank == 0) {
    const data::StageReport report =
        data::stage_shards(context.files, data_folder, manifest, {names.begin(), names.end()},
                           options.stage, kStageThreads, deadline);
    staged.summary = join_text("staged into ", report.folder, ": ", report.copied, " shards, ",
                               report.copied_bytes, " bytes; ", report.reused, " were there");
  }
  context.control.barrier(deadline);
  staged.folder_of = [folder, data_folder, names](const std::string& shard) {
    return names.contains(shard) ? folder : data_folder;
  };
  return staged;
}

}  // namespace ringmaster::train
