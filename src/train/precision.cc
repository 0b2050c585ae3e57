#include "train/precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include "base/check.h"

namespace ringmaster::train {

Precision parse_precision(const std::string& text) {
  if (text == "fp32") return Precision::kFloat32;
  if (text == "tf32") return Precision::kTensorFloat32;
  if (text == "bf16") return Precision::kBFloat16;
  if (text == "fp16") return Precision::kFloat16;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("precision = ", text, ": it must be fp32, tf32, bf16 or fp16"));
}

void apply_precision(Precision precision, c10::Device device) {
  const bool tf32 = precision == Precision::kTensorFloat32;
  RM_REQUIRE(!tf32 || device.is_cuda(), ErrorKind::kInvalidArgument,
             "precision = tf32 is a mode of NVIDIA GPUs, and this run computes on ", device.str(),
             ": take fp32 or bf16 there");
  if (!device.is_cuda()) return;
  at::globalContext().setAllowTF32CuBLAS(tf32);
  at::globalContext().setAllowTF32CuDNN(tf32);
}

AutocastScope::AutocastScope(Precision precision, c10::DeviceType device)
    : on_(precision == Precision::kBFloat16 || precision == Precision::kFloat16), device_(device) {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_,
                                   precision == Precision::kFloat16 ? at::kHalf : at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!on_) return;
  // The cache of cast weights is good for one forward: the optimizer changes the weights behind it.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace ringmaster::train
