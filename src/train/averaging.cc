#include "train/averaging.h"

#include <map>
#include <optional>

#include <ATen/core/grad_mode.h>

#include "base/check.h"
#include "optim/flat.h"

namespace ringmaster::train {
namespace {

// The view of `averages` that has the place of `tensor` in `flat`, if it lies there.
std::optional<at::Tensor> counterpart(const at::Tensor& tensor, const at::Tensor& flat,
                                      const at::Tensor& averages) {
  const auto* begin = static_cast<const std::byte*>(flat.const_data_ptr());
  const auto* place = static_cast<const std::byte*>(tensor.const_data_ptr());
  if (place < begin || place >= begin + flat.nbytes()) return std::nullopt;
  return optim::view_of(averages, optim::slot_of("", tensor, flat));
}

}  // namespace

std::unique_ptr<optim::Ema> make_ema(const TrainOptions& options, const Parts& parts) {
  if (options.ema_decay == 0) return nullptr;
  return std::make_unique<optim::Ema>(
      parts.flat_parameters, parts.gradients->flat_statistics(),
      optim::EmaOptions{.decay = options.ema_decay, .warm_up = options.ema_warmup},
      parts.update_share ? parts.update_share->work().part : optim::UpdatePart());
}

ckpt::NamedTensors ema_state(const Parts& parts) {
  ckpt::NamedTensors state;
  if (!parts.ema) return state;
  const at::NoGradGuard no_grad;
  for (const auto& entry : model::state(*parts.model)) {
    const at::Tensor tensor = entry.tensor.detach();
    auto average = counterpart(tensor, parts.flat_parameters, parts.ema->flat_parameters());
    if (!average) {
      average =
          counterpart(tensor, parts.gradients->flat_statistics(), parts.ema->flat_statistics());
    }
    state.emplace_back(entry.name, average.value_or(tensor));
  }
  return state;
}

void restore_ema(const ckpt::NamedTensors& saved, const std::string& path, const Parts& parts) {
  const at::NoGradGuard no_grad;
  const std::map<std::string, at::Tensor> by_name(saved.begin(), saved.end());
  for (auto& [name, average] : ema_state(parts)) {
    const auto found = by_name.find(name);
    RM_REQUIRE(found != by_name.end() && found->second.sizes() == average.sizes(),
               ErrorKind::kInvalidArgument, path, ": the average of ", name,
               " is missing or of another shape: it is a checkpoint of another model, or of a run "
               "without ema_decay");
    at::Tensor(average).copy_(found->second);
  }
}

}  // namespace ringmaster::train
