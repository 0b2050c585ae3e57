#include "optim/loss_scaler.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "base/check.h"

namespace ringmaster::optim {

LossScaler::LossScaler(const LossScalerState& state)
    : state_(state), scale_(static_cast<float>(state.scale)) {
  const auto require = [](bool holds, const char* name, double value, const char* rule) {
    RM_REQUIRE(holds, ErrorKind::kInvalidArgument, "the loss scaler's ", name, " is ", value,
               ": it must be ", rule);
  };
  require(std::isfinite(scale_) && scale_ > 0, "scale", state.scale, "a float above 0");
  require(state.growth_factor > 1, "growth_factor", state.growth_factor, "above 1");
  require(state.backoff_factor > 0 && state.backoff_factor < 1, "backoff_factor",
          state.backoff_factor, "between 0 and 1");
  require(state.growth_interval > 0, "growth_interval", static_cast<double>(state.growth_interval),
          "1 or more");
  require(state.growth_tracker >= 0 && state.growth_tracker < state.growth_interval,
          "growth_tracker", static_cast<double>(state.growth_tracker),
          "at least 0 and below growth_interval");
}

LossScalerState LossScaler::state() const {
  LossScalerState state = state_;
  state.scale = scale_;
  return state;
}

bool LossScaler::unscale(const at::Tensor& flat_gradients) const {
  const at::NoGradGuard no_grad;
  at::Tensor found = at::zeros({1}, flat_gradients.options());
  // GradScaler takes the reciprocal in double precision, too.
  const at::Tensor inverse = at::full({1}, 1.0 / scale_, flat_gradients.options());
  at::_amp_foreach_non_finite_check_and_unscale_({flat_gradients}, found, inverse);
  return found.item<float>() == 0;
}

void LossScaler::update(bool overflowed) {
  if (overflowed) {
    scale_ = static_cast<float>(scale_ * state_.backoff_factor);
    state_.growth_tracker = 0;
    return;
  }
  if (++state_.growth_tracker < state_.growth_interval) return;
  state_.growth_tracker = 0;
  const auto grown = static_cast<float>(scale_ * state_.growth_factor);
  if (std::isfinite(grown)) scale_ = grown;
}

}  // namespace ringmaster::optim
