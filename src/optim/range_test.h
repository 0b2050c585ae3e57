// The rates of a learning-rate range test (Smith, "Cyclical learning rates", arXiv:1506.01186,
// §3.3).
#pragma once

#include <cstdint>
#include <memory>

#include "optim/schedule.h"

namespace ringmaster::optim {

struct RangeTestOptions {
  std::int64_t total_steps = 100;  // at least 2
  double start_lr = 1e-6, end_lr = 1;
  bool exponential = true;  // by equal factors; else by equal differences
  double momentum = 0.9;
};

// start_lr at step 0, end_lr at step total_steps - 1. Error{kInvalidArgument} names the option that
// is out of its range.
[[nodiscard]] std::unique_ptr<Schedule> make_range_test(const RangeTestOptions& options);

}  // namespace ringmaster::optim
