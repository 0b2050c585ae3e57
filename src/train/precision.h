// Mixed precision for the forward pass.
#pragma once

#include <string>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace ringmaster::train {

// "fp32" or "bf16" (operators that are safe in it compute in bfloat16; parameters, gradients and
// statistics stay float32). Error{kInvalidArgument} otherwise.
enum class Precision { kFloat32, kBFloat16 };
[[nodiscard]] Precision parse_precision(const std::string& text);

// Turns LibTorch's autocast on in the calling thread while it lives; nothing for float32. Forward
// and loss belong inside, backward outside (it follows the forward's types).
class AutocastScope {
 public:
  AutocastScope(Precision precision, c10::DeviceType device);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  const bool on_;
  const c10::DeviceType device_;
};

}  // namespace ringmaster::train
