#include "optim/ema.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

void exchange_values(at::Tensor& a, at::Tensor& b) {
  const at::Tensor kept = a.clone();
  a.copy_(b);
  b.copy_(kept);
}

}  // namespace

Ema::Ema(const at::Tensor& flat_parameters, const at::Tensor& flat_statistics,
         const EmaOptions& options)
    : live_parameters_(flat_parameters.detach()),
      live_statistics_(flat_statistics.detach()),
      parameters_(live_parameters_.clone()),
      statistics_(live_statistics_.clone()),
      options_(options) {
  RM_REQUIRE(options.decay >= 0 && options.decay < 1, ErrorKind::kInvalidArgument,
             "ema_decay = ", options.decay, ": it must be in [0, 1)");
}

double Ema::decay_at(std::int64_t updates) const {
  if (!options_.warm_up) return options_.decay;
  const auto t = static_cast<double>(updates);
  return std::min(options_.decay, (1 + t) / (10 + t));
}

void Ema::update(std::int64_t updates) {
  const at::NoGradGuard no_grad;
  const double share = 1 - decay_at(updates);
  parameters_.lerp_(live_parameters_, share);
  statistics_.lerp_(live_statistics_, share);
}

void Ema::exchange() {
  const at::NoGradGuard no_grad;
  exchange_values(live_parameters_, parameters_);
  exchange_values(live_statistics_, statistics_);
}

}  // namespace ringmaster::optim
