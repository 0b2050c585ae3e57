// The two families of schedules, for make_schedule() to choose from. Both assume that total_steps
// and max_lr were checked.
#pragma once

#include <memory>

#include "optim/schedule.h"

namespace ringmaster::optim {

// kOneCycle, kTriangular.
[[nodiscard]] std::unique_ptr<Schedule> one_cycle(const ScheduleOptions& options);
// The others: a warm-up, and then max_lr times a factor.
[[nodiscard]] std::unique_ptr<Schedule> warmed(const ScheduleOptions& options);

}  // namespace ringmaster::optim
