// How fast this machine makes training batches: what `ringmaster bench loader` reports.
#pragma once

#include <cstdint>

#include "data/loader.h"
#include "data/transform.h"
#include "shard/dataset.h"

namespace ringmaster::data {

struct LoaderBenchOptions {
  int workers = 0;
  std::int64_t batch = 64;
  double min_seconds = 5;  // measured for at least so long, in whole batches
  TransformOptions transform;
  std::uint64_t seed = 0;
};

struct LoaderBenchResult {
  std::int64_t images = 0;
  double seconds = 0;      // of the clock, for all of them
  double cpu_seconds = 0;  // of the whole process, for all of them
  StageSeconds stages;     // summed over the threads
  [[nodiscard]] double images_per_second() const {
    return seconds > 0 ? static_cast<double>(images) / seconds : 0;
  }
  // What one core alone would do, also on a machine that is busy with something else.
  [[nodiscard]] double images_per_cpu_second() const {
    return cpu_seconds > 0 ? static_cast<double>(images) / cpu_seconds : 0;
  }
};

// Runs a TrainLoader over `dataset`, epoch after epoch, as training would, and throws the batches
// away. The first batches (at most as many as the loader keeps ready) are not counted: they fault
// in memory. A batch larger than the data set is cut to it. Errors: the loader's.
[[nodiscard]] LoaderBenchResult bench_loader(const shard::Dataset& dataset,
                                             const LoaderBenchOptions& options);

}  // namespace ringmaster::data
