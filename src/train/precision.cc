#include "train/precision.h"

#include <ATen/autocast_mode.h>

#include "base/check.h"

namespace ringmaster::train {

Precision parse_precision(const std::string& text) {
  if (text == "fp32") return Precision::kFloat32;
  if (text == "bf16") return Precision::kBFloat16;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("precision = ", text, ": it must be fp32 or bf16"));
}

AutocastScope::AutocastScope(Precision precision, c10::DeviceType device)
    : on_(precision == Precision::kBFloat16), device_(device) {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!on_) return;
  // The cache of cast weights is good for one forward: the optimizer changes the weights behind it.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace ringmaster::train
