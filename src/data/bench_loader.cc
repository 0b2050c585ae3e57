#include "data/bench_loader.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/seconds.h"

namespace ringmaster::data {
namespace {

using Clock = std::chrono::steady_clock;

// Of one endless run over the epochs.
class Endless {
 public:
  explicit Endless(TrainLoader& loader) : loader_(loader) { loader_.start_epoch(epoch_); }

  Batch next() {
    while (true) {
      if (auto batch = loader_.next()) return std::move(*batch);
      past_ += loader_.stage_seconds();
      loader_.start_epoch(++epoch_);
    }
  }
  [[nodiscard]] StageSeconds stages() const {
    StageSeconds sum = past_;
    sum += loader_.stage_seconds();
    return sum;
  }

 private:
  TrainLoader& loader_;
  std::int64_t epoch_ = 0;
  StageSeconds past_;
};

StageSeconds difference(const StageSeconds& a, const StageSeconds& b) {
  return {a.read - b.read, a.decode - b.decode, a.resize - b.resize, a.augment - b.augment,
          a.write - b.write};
}

}  // namespace

LoaderBenchResult bench_loader(const shard::Dataset& dataset, const LoaderBenchOptions& options) {
  EpochPlanOptions plan;
  plan.samples = dataset.size();
  plan.global_batch = std::min(options.batch, dataset.size());
  plan.seed = options.seed;
  LoaderOptions loader_options;
  loader_options.workers = options.workers;
  TrainLoader loader(dataset, EpochPlan(plan), 0, options.transform, loader_options);
  Endless batches(loader);
  for (int i = 0; i <= loader_options.queue_batches; ++i) static_cast<void>(batches.next());

  LoaderBenchResult result;
  const StageSeconds before = batches.stages();
  const auto start = Clock::now();
  const std::clock_t cpu_start = std::clock();
  while (result.seconds < options.min_seconds) {
    result.images += static_cast<std::int64_t>(batches.next().sample_ids.size());
    result.seconds = seconds_since(start);
  }
  result.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  result.stages = difference(batches.stages(), before);
  return result;
}

}  // namespace ringmaster::data
