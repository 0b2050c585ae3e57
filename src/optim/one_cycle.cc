#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "optim/schedule_kinds.h"

namespace ringmaster::optim {
namespace {

// From `start` at 0 to `end` at 1, rounded as PyTorch does.
double half_cosine(double start, double end, double share) {
  return end + (start - end) / 2 * (std::cos(std::numbers::pi * share) + 1);
}
double straight(double start, double end, double share) {
  return (end - start) * share + start;
}

class OneCycle final : public Schedule {
 public:
  explicit OneCycle(const ScheduleOptions& options)
      : options_(options),
        anneal_(options.kind == ScheduleKind::kTriangular ? straight : half_cosine),
        initial_lr_(options.max_lr / options.div_factor),
        final_lr_(initial_lr_ / options.final_div_factor),
        peak_step_(options.pct_start * static_cast<double>(options.total_steps) - 1) {}

  double lr(std::int64_t step) const override {
    return at(step, initial_lr_, options_.max_lr, final_lr_);
  }
  double momentum(std::int64_t step) const override {
    if (!options_.cycle_momentum) return options_.momentum;
    return at(step, options_.max_momentum, options_.base_momentum, options_.max_momentum);
  }
  std::int64_t total_steps() const override { return options_.total_steps; }

 private:
  // The peak lies between two steps or before step 0 where PyTorch puts it there. A rise that has
  // its only step at 0 is at the peak (PyTorch divides by zero).
  [[nodiscard]] double at(std::int64_t step, double first, double peak, double last) const {
    RM_CHECK_LE(0, step);
    const auto last_step = static_cast<double>(options_.total_steps - 1);
    const double now = std::min(static_cast<double>(step), last_step);
    if (now <= peak_step_) return anneal_(first, peak, peak_step_ > 0 ? now / peak_step_ : 1);
    return anneal_(peak, last, (now - peak_step_) / (last_step - peak_step_));
  }

  const ScheduleOptions options_;
  double (*const anneal_)(double start, double end, double share);
  const double initial_lr_, final_lr_, peak_step_;
};

}  // namespace

std::unique_ptr<Schedule> one_cycle(const ScheduleOptions& options) {
  const auto require = [](bool holds, const char* key, double value, const char* rule) {
    RM_REQUIRE(holds, ErrorKind::kInvalidArgument, key, " = ", value, ": ", rule);
  };
  require(options.pct_start >= 0 && options.pct_start <= 1, "pct_start", options.pct_start,
          "it must be in [0, 1]");
  require(options.div_factor > 0, "div_factor", options.div_factor, "it must be above 0");
  require(options.final_div_factor > 0, "final_div_factor", options.final_div_factor,
          "it must be above 0");
  require(options.warm_up.steps == 0, "warm_up.steps", static_cast<double>(options.warm_up.steps),
          "one-cycle and triangular schedules begin with a rise of their own: set pct_start");
  return std::make_unique<OneCycle>(options);
}

}  // namespace ringmaster::optim
