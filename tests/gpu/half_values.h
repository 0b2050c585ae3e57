// float32, float16 and bfloat16 as a double reference sees them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "comm/dtype.h"

namespace ringmaster::testing {

template <typename T>
struct TypeOf;
template <>
struct TypeOf<float> {
  static constexpr comm::DType kType = comm::DType::kFloat32;
  static float store(float value) { return value; }
  static float load(float value) { return value; }
};
template <>
struct TypeOf<__half> {
  static constexpr comm::DType kType = comm::DType::kFloat16;
  static __half store(float value) { return __float2half_rn(value); }
  static float load(__half value) { return __half2float(value); }
};
template <>
struct TypeOf<__nv_bfloat16> {
  static constexpr comm::DType kType = comm::DType::kBFloat16;
  static __nv_bfloat16 store(float value) { return __float2bfloat16_rn(value); }
  static float load(__nv_bfloat16 value) { return __bfloat162float(value); }
};

}  // namespace ringmaster::testing
