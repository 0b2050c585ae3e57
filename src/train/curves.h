// Learning rates before and after a change, for whoever goes on with another schedule.
#pragma once

#include <string>

#include "optim/schedule.h"
#include "train/options.h"

namespace ringmaster::train {

// A schedule in epochs.
struct Curve {
  const optim::Schedule& schedule;
  std::int64_t steps_per_epoch = 1;
};

// A table of both: the rate of each epoch's first step, of about twenty epochs where there are
// more, and of the last step. `epoch`: from which the new one counts, from 0; it has a mark. Empty
// where no rate in the table differs. A schedule that has ended says so: "ended".
[[nodiscard]] std::string curves_text(const Curve& before, const Curve& now, std::int64_t epoch);

// The options that a run's recorded configuration, read from `path`, gives; keys of another version
// are passed over. Error{kInvalidArgument} for a value that is none.
[[nodiscard]] TrainOptions recorded_options(const std::string& config_text,
                                            const std::string& path);

}  // namespace ringmaster::train
