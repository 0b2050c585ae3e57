#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "base/check.h"
#include "optim/schedule_kinds.h"

namespace ringmaster::optim {
namespace {

// Of a step past the warm-up; max_lr is multiplied with it.
using Factor = std::function<double(std::int64_t step)>;

class Warmed final : public Schedule {
 public:
  Warmed(const ScheduleOptions& options, Factor factor)
      : total_steps_(options.total_steps),
        max_lr_(options.max_lr),
        momentum_(options.momentum),
        warm_up_(options.warm_up),
        factor_(std::move(factor)) {}

  double lr(std::int64_t step) const override {
    RM_CHECK_LE(0, step);
    if (step >= warm_up_.steps) return max_lr_ * factor_(std::min(step, total_steps_ - 1));
    const double share = static_cast<double>(step) / static_cast<double>(warm_up_.steps);
    return max_lr_ * (warm_up_.start_factor + (1 - warm_up_.start_factor) * share);
  }
  double momentum(std::int64_t /*step*/) const override { return momentum_; }
  std::int64_t total_steps() const override { return total_steps_; }

 private:
  const std::int64_t total_steps_;
  const double max_lr_, momentum_;
  const WarmUp warm_up_;
  const Factor factor_;
};

// Of the steps after the warm-up, the share that lies before `step`.
double share_done(std::int64_t step, const ScheduleOptions& options) {
  return static_cast<double>(step - options.warm_up.steps) /
         static_cast<double>(options.total_steps - options.warm_up.steps);
}

Factor cosine(const ScheduleOptions& options) {
  RM_REQUIRE(options.min_lr >= 0 && options.min_lr <= options.max_lr, ErrorKind::kInvalidArgument,
             "min_lr = ", options.min_lr, ": it must be in [0, max_lr]");
  return [options](std::int64_t step) {
    const double low = options.min_lr / options.max_lr;
    const double done = share_done(step, options);
    return low + (1 - low) * (1 + std::cos(std::numbers::pi * done)) / 2;
  };
}

Factor step_decay(const ScheduleOptions& options) {
  const auto& milestones = options.milestones;
  RM_REQUIRE(std::is_sorted(milestones.begin(), milestones.end()), ErrorKind::kInvalidArgument,
             "milestones must rise");
  RM_REQUIRE(milestones.empty() || milestones.front() >= options.warm_up.steps,
             ErrorKind::kInvalidArgument, "milestone ", milestones.front(),
             " lies within the warm-up of ", options.warm_up.steps, " steps");
  RM_REQUIRE(options.gamma > 0 && options.gamma <= 1, ErrorKind::kInvalidArgument,
             "gamma = ", options.gamma, ": it must be in (0, 1]");
  return [options](std::int64_t step) {
    const auto& list = options.milestones;
    const auto reached = std::upper_bound(list.begin(), list.end(), step) - list.begin();
    return std::pow(options.gamma, static_cast<double>(reached));
  };
}

Factor polynomial(const ScheduleOptions& options) {
  RM_REQUIRE(options.power > 0, ErrorKind::kInvalidArgument, "power = ", options.power,
             ": it must be above 0");
  return [options](std::int64_t step) {
    return std::pow(1 - share_done(step, options), options.power);
  };
}

Factor factor_of(const ScheduleOptions& options) {
  switch (options.kind) {
    case ScheduleKind::kCosine:
      return cosine(options);
    case ScheduleKind::kStep:
      return step_decay(options);
    case ScheduleKind::kPolynomial:
      return polynomial(options);
    default:
      return [](std::int64_t) { return 1.0; };
  }
}

}  // namespace

std::unique_ptr<Schedule> warmed(const ScheduleOptions& options) {
  RM_REQUIRE(options.warm_up.steps >= 0 && options.warm_up.steps < options.total_steps,
             ErrorKind::kInvalidArgument, "warm_up.steps = ", options.warm_up.steps,
             ": it must be at least 0 and less than the ", options.total_steps,
             " steps of the run");
  RM_REQUIRE(options.warm_up.start_factor >= 0 && options.warm_up.start_factor <= 1,
             ErrorKind::kInvalidArgument, "warm_up.start_factor = ", options.warm_up.start_factor,
             ": it must be in [0, 1]");
  return std::make_unique<Warmed>(options, factor_of(options));
}

}  // namespace ringmaster::optim
