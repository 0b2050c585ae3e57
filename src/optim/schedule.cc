#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

// A warm-up, and then max_lr * factor(step).
class Warmed final : public Schedule {
 public:
  using Factor = std::function<double(std::int64_t step)>;

  Warmed(std::int64_t total_steps, double max_lr, double momentum, WarmUp warm_up, Factor factor)
      : total_steps_(total_steps),
        max_lr_(max_lr),
        momentum_(momentum),
        warm_up_(warm_up),
        factor_(std::move(factor)) {
    RM_REQUIRE(total_steps > 0, ErrorKind::kInvalidArgument, "total_steps = ", total_steps,
               ": a schedule needs at least one step");
    RM_REQUIRE(max_lr > 0, ErrorKind::kInvalidArgument, "max_lr = ", max_lr,
               ": it must be above 0");
    RM_REQUIRE(warm_up.steps >= 0 && warm_up.steps < total_steps, ErrorKind::kInvalidArgument,
               "warm_up.steps = ", warm_up.steps, ": it must be at least 0 and less than the ",
               total_steps, " steps of the run");
    RM_REQUIRE(warm_up.start_factor >= 0 && warm_up.start_factor <= 1, ErrorKind::kInvalidArgument,
               "warm_up.start_factor = ", warm_up.start_factor, ": it must be in [0, 1]");
  }

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
double share_done(std::int64_t step, std::int64_t total_steps, const WarmUp& warm_up) {
  return static_cast<double>(step - warm_up.steps) /
         static_cast<double>(total_steps - warm_up.steps);
}

}  // namespace

std::unique_ptr<Schedule> cosine(const CosineOptions& options) {
  RM_REQUIRE(options.min_lr >= 0 && options.min_lr <= options.max_lr, ErrorKind::kInvalidArgument,
             "min_lr = ", options.min_lr, ": it must be in [0, max_lr]");
  const auto factor = [options](std::int64_t step) {
    const double done = share_done(step, options.total_steps, options.warm_up);
    const double low = options.min_lr / options.max_lr;
    return low + (1 - low) * (1 + std::cos(std::numbers::pi * done)) / 2;
  };
  return std::make_unique<Warmed>(options.total_steps, options.max_lr, options.momentum,
                                  options.warm_up, factor);
}

std::unique_ptr<Schedule> step_decay(const StepDecayOptions& options) {
  const auto& milestones = options.milestones;
  RM_REQUIRE(std::is_sorted(milestones.begin(), milestones.end()), ErrorKind::kInvalidArgument,
             "milestones must rise");
  RM_REQUIRE(milestones.empty() || milestones.front() >= options.warm_up.steps,
             ErrorKind::kInvalidArgument, "milestone ", milestones.front(),
             " lies within the warm-up of ", options.warm_up.steps, " steps");
  RM_REQUIRE(options.gamma > 0 && options.gamma <= 1, ErrorKind::kInvalidArgument,
             "gamma = ", options.gamma, ": it must be in (0, 1]");
  const auto factor = [options](std::int64_t step) {
    const auto& list = options.milestones;
    const auto reached = std::upper_bound(list.begin(), list.end(), step) - list.begin();
    return std::pow(options.gamma, static_cast<double>(reached));
  };
  return std::make_unique<Warmed>(options.total_steps, options.max_lr, options.momentum,
                                  options.warm_up, factor);
}

std::unique_ptr<Schedule> polynomial(const PolynomialOptions& options) {
  RM_REQUIRE(options.power > 0, ErrorKind::kInvalidArgument, "power = ", options.power,
             ": it must be above 0");
  const auto factor = [options](std::int64_t step) {
    return std::pow(1 - share_done(step, options.total_steps, options.warm_up), options.power);
  };
  return std::make_unique<Warmed>(options.total_steps, options.max_lr, options.momentum,
                                  options.warm_up, factor);
}

std::unique_ptr<Schedule> constant(const ConstantOptions& options) {
  return std::make_unique<Warmed>(options.total_steps, options.max_lr, options.momentum,
                                  options.warm_up, [](std::int64_t) { return 1.0; });
}

}  // namespace ringmaster::optim
