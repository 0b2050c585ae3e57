// Prints the samples of each step of a run's first epochs, a line a step: for tests that must see
// the same batches elsewhere.
//   order_tool SAMPLES GLOBAL_BATCH SEED EPOCHS
#include <iostream>
#include <string>

#include "data/epoch_plan.h"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  ringmaster::data::EpochPlanOptions options;
  options.samples = std::stoll(argv[1]);
  options.global_batch = std::stoll(argv[2]);
  options.seed = std::stoull(argv[3]);
  const ringmaster::data::EpochPlan plan(options);
  for (std::int64_t epoch = 0; epoch < std::stoll(argv[4]); ++epoch) {
    for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
      for (const std::int64_t sample : plan.sample_ids(epoch, step, 0, 0))
        std::cout << sample << ' ';
      std::cout << '\n';
    }
  }
  return 0;
}
