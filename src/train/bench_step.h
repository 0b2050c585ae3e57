// Times training steps on random images: all of a step but the data set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/options.h"
#include "train/run.h"

namespace ringmaster::train {

struct StepBenchOptions {
  TrainOptions training;  // its model, image_size, optimizer, precision, device, wire, buckets
  // As training.algorithm; "none": nothing is reduced, every rank trains alone beside the others,
  // which is what communication is measured against. Each gets a model of its own.
  std::vector<std::string> algorithms = {"auto"};
  std::int64_t classes = 1000;
  std::int64_t batch = 64;       // images of a rank, in one forward pass
  std::int64_t steps = 20;       // measured, of each algorithm
  std::int64_t first_steps = 3;  // before them: in which everything gets ready
};

struct StepBenchResult {
  int ranks = 1, hosts = 1;
  std::string device, allreduce;  // as the log of a run has them
  // Medians over the steps, of the rank where the step's is the largest.
  double step_s = 0, comm_wait_s = 0;
  // The median time until the last rank had ended its step. Steps take unequal times, so that ranks
  // which wait for each other lose some even where they exchange nothing: what is above this with
  // communication is what communication costs.
  double round_s = 0;
  double images_per_second = 0;      // of all ranks
  std::int64_t skipped = 0;          // measured steps that overflowed (fp16), or were not finite
  std::int64_t gradients_bytes = 0;  // with the statistics
};

// Collective. Steps as `ringmaster train` makes them, from the forward pass to the weights' update,
// the checks between them included; on a GPU a step ends when the device is done. The algorithms
// take turns, a step each, so that what else a machine does falls on all of them. One result for
// each, the same on every rank. Errors as run_training()'s.
[[nodiscard]] std::vector<StepBenchResult> bench_steps(const StepBenchOptions& options,
                                                       const RunContext& context);

}  // namespace ringmaster::train
