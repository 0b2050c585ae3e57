// Learning rates (and cycled momentum) as pure functions of the global step: resuming can't drift,
// and nothing of a schedule needs to be saved. Past the last step every schedule stays at its final
// value: it never climbs again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringmaster::optim {

// Immutable; any thread. Steps count from 0; a negative one is a bug of the caller.
class Schedule {
 public:
  virtual ~Schedule() = default;
  [[nodiscard]] virtual double lr(std::int64_t step) const = 0;
  [[nodiscard]] virtual double momentum(std::int64_t step) const = 0;
  // The schedule's length: from step total_steps() - 1 on its values are final.
  [[nodiscard]] virtual std::int64_t total_steps() const = 0;
};

enum class ScheduleKind {
  // torch.optim.lr_scheduler.OneCycleLR with three_phase=False, after Smith and Topin,
  // "Super-convergence", arXiv:1708.07120: from max_lr / div_factor up to max_lr, then down to
  // max_lr / div_factor / final_div_factor. The peak is at step pct_start * total_steps - 1
  // (PyTorch's definition), and the end at step total_steps - 1. Has no warm-up: it begins with
  // one.
  kOneCycle,    // in half cosines (anneal_strategy="cos")
  kTriangular,  // in straight lines (anneal_strategy="linear")
  // After the warm-up half a cosine from max_lr to min_lr, reached at step total_steps (Loshchilov
  // and Hutter, "SGDR", arXiv:1608.03983, eq. 5, without restarts; CosineAnnealingLR).
  kCosine,
  // max_lr * gamma^(milestones reached) (MultiStepLR).
  kStep,
  // After the warm-up max_lr * (1 - t)^power, t from 0 to 1 at step total_steps (PolynomialLR).
  kPolynomial,
  kConstant,
};
// "onecycle", "triangular", "cosine", "step", "polynomial", "constant". Error{kInvalidArgument}
// names them.
[[nodiscard]] ScheduleKind parse_schedule_kind(const std::string& name);

// A straight line from start_factor * lr at step 0 to lr at step `steps`
// (torch.optim.lr_scheduler.LinearLR); what follows a warm-up begins at its end.
struct WarmUp {
  std::int64_t steps = 0;
  double start_factor = 0;
};

// What a kind does not use, it ignores.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kOneCycle;
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double momentum = 0.9;  // all along, unless it is cycled
  WarmUp warm_up;         // all but one-cycle and triangular
  // One-cycle and triangular.
  double pct_start = 0.3;  // share of the steps that rises, in [0, 1]
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool cycle_momentum = false;  // from max_momentum down to base_momentum at the peak, and back up
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double min_lr = 0;                     // cosine
  double gamma = 0.1;                    // step
  std::vector<std::int64_t> milestones;  // step: global steps, rising, past the warm-up
  double power = 2;                      // polynomial
};

// Error{kInvalidArgument} that names the option, for values out of their range.
[[nodiscard]] std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options);

}  // namespace ringmaster::optim
