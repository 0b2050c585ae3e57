#include "train/rates.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/check.h"

namespace ringmaster::train {
namespace {

std::int64_t to_steps(double epochs, std::int64_t steps_per_epoch) {
  return std::llround(epochs * static_cast<double>(steps_per_epoch));
}

// "30,60,80" epochs as steps.
std::vector<std::int64_t> milestones_of(const TrainOptions& options, std::int64_t steps_per_epoch) {
  std::vector<std::int64_t> steps;
  std::istringstream list(options.milestones);
  for (std::string item; std::getline(list, item, ',');) {
    std::istringstream number(item);
    double epochs = 0;
    number >> epochs;
    RM_REQUIRE(!number.fail() && number.eof() && epochs > 0, ErrorKind::kInvalidArgument,
               "milestones = ", options.milestones, ": '", item,
               "' is no epoch: give rising numbers with commas, such as 30,60,80");
    steps.push_back(to_steps(epochs, steps_per_epoch));
  }
  RM_REQUIRE(std::is_sorted(steps.begin(), steps.end()), ErrorKind::kInvalidArgument,
             "milestones = ", options.milestones, ": they must rise");
  RM_REQUIRE(steps.empty() || steps.front() >= to_steps(options.warmup_epochs, steps_per_epoch),
             ErrorKind::kInvalidArgument, "milestones = ", options.milestones,
             ": the first lies within the warm-up, warmup_epochs = ", options.warmup_epochs);
  return steps;
}

// One-cycle and triangular begin with a climb of their own, and have none.
void require_room_for_warm_up(const TrainOptions& options, optim::ScheduleKind kind) {
  const bool climbs =
      kind == optim::ScheduleKind::kOneCycle || kind == optim::ScheduleKind::kTriangular;
  RM_REQUIRE(climbs || options.warmup_epochs < static_cast<double>(options.epochs),
             ErrorKind::kInvalidArgument, "warmup_epochs = ", options.warmup_epochs,
             ": it must be less than epochs = ", options.epochs);
}

}  // namespace

std::unique_ptr<optim::Schedule> schedule_of(const TrainOptions& options,
                                             std::int64_t steps_per_epoch) {
  const double scale = options.lr_batch == 0 ? 1
                                             : static_cast<double>(options.global_batch) /
                                                   static_cast<double>(options.lr_batch);
  optim::ScheduleOptions schedule;
  schedule.kind = optim::parse_schedule_kind(options.schedule);
  require_room_for_warm_up(options, schedule.kind);
  schedule.total_steps = options.epochs * steps_per_epoch;
  schedule.max_lr = options.max_lr * scale;
  schedule.min_lr = options.min_lr * scale;
  schedule.momentum = options.momentum;
  schedule.warm_up = {to_steps(options.warmup_epochs, steps_per_epoch), options.warmup_factor};
  schedule.pct_start = options.pct_start;
  schedule.div_factor = options.div_factor;
  schedule.final_div_factor = options.final_div_factor;
  schedule.cycle_momentum = options.cycle_momentum;
  schedule.gamma = options.gamma;
  if (schedule.kind == optim::ScheduleKind::kStep)
    schedule.milestones = milestones_of(options, steps_per_epoch);
  schedule.power = options.power;
  return optim::make_schedule(schedule);
}

}  // namespace ringmaster::train
