#include "optim/range_test.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

class RangeTest final : public Schedule {
 public:
  explicit RangeTest(const RangeTestOptions& options) : options_(options) {}

  double lr(std::int64_t step) const override {
    RM_CHECK_LE(0, step);
    const std::int64_t last = options_.total_steps - 1;
    if (step >= last) return options_.end_lr;
    const double share = static_cast<double>(step) / static_cast<double>(last);
    if (!options_.exponential)
      return options_.start_lr + (options_.end_lr - options_.start_lr) * share;
    return options_.start_lr * std::pow(options_.end_lr / options_.start_lr, share);
  }
  double momentum(std::int64_t /*step*/) const override { return options_.momentum; }
  std::int64_t total_steps() const override { return options_.total_steps; }

 private:
  const RangeTestOptions options_;
};

}  // namespace

std::unique_ptr<Schedule> make_range_test(const RangeTestOptions& options) {
  RM_REQUIRE(options.total_steps >= 2, ErrorKind::kInvalidArgument,
             "num_iter = ", options.total_steps, ": it must be 2 or more");
  RM_REQUIRE(options.start_lr > 0, ErrorKind::kInvalidArgument, "start_lr = ", options.start_lr,
             ": it must be above 0");
  RM_REQUIRE(options.end_lr > options.start_lr, ErrorKind::kInvalidArgument,
             "end_lr = ", options.end_lr, ": it must be above start_lr, ", options.start_lr);
  return std::make_unique<RangeTest>(options);
}

}  // namespace ringmaster::optim
