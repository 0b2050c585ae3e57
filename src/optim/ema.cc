#include "optim/ema.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "base/check.h"

namespace ringmaster::optim {
namespace {

void exchange_values(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor kept = a.clone();
  a.copy_(b);
  b.copy_(kept);
}

}  // namespace

Ema::Ema(const at::Tensor& flat_parameters, const at::Tensor& flat_statistics,
         const EmaOptions& options, const UpdatePart& part)
    : live_parameters_(flat_parameters.detach()),
      live_statistics_(flat_statistics.detach()),
      parameters_(live_parameters_.clone()),
      statistics_(live_statistics_.clone()),
      options_(options),
      part_{part.begin_elems, std::min(part.end_elems, flat_parameters.numel())} {
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
  const auto within = [this](const at::Tensor& flat) {
    return flat.narrow(0, part_.begin_elems, part_.end_elems - part_.begin_elems);
  };
  exchange_values(within(live_parameters_), within(parameters_));
  exchange_values(live_statistics_, statistics_);
}

}  // namespace ringmaster::optim
