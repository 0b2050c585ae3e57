// Dynamic loss scaling for float16 (Micikevicius et al., "Mixed precision training",
// arXiv:1710.03740, §3.2), by the rules of torch.amp.GradScaler.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ringmaster::optim {

// The members of GradScaler's state_dict(), with its defaults.
struct LossScalerState {
  double scale = 65536;
  double growth_factor = 2;
  double backoff_factor = 0.5;
  std::int64_t growth_interval = 2000;
  std::int64_t growth_tracker = 0;  // steps without overflow since the scale last changed
};

// A step: backward of the loss times scale(), unscale() of the gradients, the optimizer only where
// that found all of them finite, update(). Every rank that is given the same gradients decides
// alike: that holds after an allreduce, whose sums carry infinities and NaNs. One thread.
class LossScaler {
 public:
  // Error{kInvalidArgument} for a state that a GradScaler can't have (one that is not enabled has
  // an empty one).
  explicit LossScaler(const LossScalerState& state = {});

  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] LossScalerState state() const;

  // Divides the gradients by scale(), in place, in one pass over memory. Whether all of them were
  // finite. Waits for the device. `flat_gradients`: 1-d, float32, not empty.
  [[nodiscard]] bool unscale(const at::Tensor& flat_gradients) const;
  // After every step: an overflow multiplies the scale with the backoff factor; growth_interval
  // steps in a row without one multiply it with the growth factor, unless that overflows float32.
  // The scale is a float, as GradScaler's.
  void update(bool overflowed);

 private:
  LossScalerState state_;  // but for the scale
  float scale_;
};

}  // namespace ringmaster::optim
