// Learning rates (and cycled momentum) as pure functions of the global step: resuming can't drift,
// and nothing of a schedule needs to be saved. Past the last step every schedule stays at its final
// value: it never climbs again.
#pragma once

#include <cstdint>
#include <memory>
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

// torch.optim.lr_scheduler.OneCycleLR with anneal_strategy="cos" and three_phase=False, after Smith
// and Topin, "Super-convergence", arXiv:1708.07120: from max_lr / div_factor up to max_lr, then
// down to max_lr / div_factor / final_div_factor. The peak is at step pct_start * total_steps - 1
// (PyTorch's definition), and the end at step total_steps - 1.
struct OneCycleOptions {
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double pct_start = 0.3;  // share of the steps that rises, in [0, 1]
  double div_factor = 25;
  double final_div_factor = 1e4;
  double momentum = 0.9;        // all along, unless it is cycled:
  bool cycle_momentum = false;  // from max_momentum down to base_momentum at the peak, and back up
  double base_momentum = 0.85;
  double max_momentum = 0.95;
};

// A straight line from start_factor * lr at step 0 to lr at step `steps`
// (torch.optim.lr_scheduler.LinearLR); what follows a warm-up begins at its end.
struct WarmUp {
  std::int64_t steps = 0;
  double start_factor = 0;
};

// After the warm-up half a cosine from max_lr to min_lr, reached at step total_steps (Loshchilov
// and Hutter, "SGDR", arXiv:1608.03983, eq. 5, without restarts; CosineAnnealingLR).
struct CosineOptions {
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double min_lr = 0;
  double momentum = 0.9;
  WarmUp warm_up;
};

// max_lr * gamma^(milestones reached). Milestones are global steps, rising, past the warm-up
// (MultiStepLR).
struct StepDecayOptions {
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double gamma = 0.1;
  std::vector<std::int64_t> milestones;
  double momentum = 0.9;
  WarmUp warm_up;
};

// After the warm-up max_lr * (1 - t)^power, t from 0 to 1 at step total_steps (PolynomialLR).
struct PolynomialOptions {
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double power = 2;
  double momentum = 0.9;
  WarmUp warm_up;
};

struct ConstantOptions {
  std::int64_t total_steps = 1;
  double max_lr = 0.1;
  double momentum = 0.9;
  WarmUp warm_up;
};

// Each: Error{kInvalidArgument} that names the option, for values out of their range.
[[nodiscard]] std::unique_ptr<Schedule> one_cycle(const OneCycleOptions& options);
[[nodiscard]] std::unique_ptr<Schedule> cosine(const CosineOptions& options);
[[nodiscard]] std::unique_ptr<Schedule> step_decay(const StepDecayOptions& options);
[[nodiscard]] std::unique_ptr<Schedule> polynomial(const PolynomialOptions& options);
[[nodiscard]] std::unique_ptr<Schedule> constant(const ConstantOptions& options);

}  // namespace ringmaster::optim
