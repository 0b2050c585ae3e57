// Mixed precision for the forward pass.
#pragma once

#include <string>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace ringmaster::train {

// Parameters, gradients and statistics are float32 in all of them.
enum class Precision {
  kFloat32,
  kTensorFloat32,  // products of convolutions and matrices with 10 bits of mantissa, on GPUs
  kBFloat16,       // operators that are safe in it compute in bfloat16
  kFloat16,        // or in float16, whose small range needs a loss scaler
};
// "fp32", "tf32", "bf16" or "fp16". Error{kInvalidArgument} otherwise.
[[nodiscard]] Precision parse_precision(const std::string& text);

// Says to LibTorch whether a GPU's float32 may be TF32, for the whole process: only where that is
// asked for, while LibTorch by itself lets convolutions have it. Error{kInvalidArgument} for TF32
// on a CPU, which has none.
void apply_precision(Precision precision, c10::Device device);

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
