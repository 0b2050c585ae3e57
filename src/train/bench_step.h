// Times training steps on random images: all of a step but the data set.
#pragma once

#include <cstdint>
#include <string>

#include "train/options.h"
#include "train/run.h"

namespace ringmaster::train {

struct StepBenchOptions {
  TrainOptions training;  // its model, image_size, optimizer, precision, device, allreduce
  std::int64_t classes = 1000;
  std::int64_t batch = 64;       // images of a rank, in one forward pass
  std::int64_t steps = 20;       // measured
  std::int64_t first_steps = 3;  // before them: in which everything gets ready
  // Else nothing is reduced: every rank trains alone beside the others, which is what communication
  // is measured against.
  bool communicate = true;
};

struct StepBenchResult {
  int ranks = 1, hosts = 1;
  std::string device, allreduce;  // as the log of a run has them
  // Medians over the steps, of the rank where the step's is the largest.
  double step_s = 0, comm_wait_s = 0;
  double images_per_second = 0;      // of all ranks
  std::int64_t skipped = 0;          // measured steps that overflowed (fp16), or were not finite
  std::int64_t gradients_bytes = 0;  // with the statistics
};

// Collective. Steps as `ringmaster train` makes them, from the forward pass to the weights' update,
// the checks between them included; on a GPU a step ends when the device is done. Every rank gets
// the same result. Errors as run_training()'s.
[[nodiscard]] StepBenchResult bench_steps(const StepBenchOptions& options,
                                          const RunContext& context);

}  // namespace ringmaster::train
