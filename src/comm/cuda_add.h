// The arithmetic of the GPU ring. This header is the seam between its orchestration and the device:
// cuda_add.cu has the kernels; tests/support/fake_cuda_add.cc computes the same on the host, so
// that the orchestration is tested where there is no GPU.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "comm/dtype.h"

namespace ringmaster::comm {

// Whether the kernels have the type: float32, float16 and bfloat16.
[[nodiscard]] constexpr bool cuda_can_add(DType type) {
  return type == DType::kFloat32 || type == DType::kFloat16 || type == DType::kBFloat16;
}

// sum[i] = scale * (sum[i] + addend[i]) for `count_elems` elements, queued on `stream` of the
// current device. Adds and scales in float32 and rounds once, to nearest even. Any alignment of
// whole elements; fast (16-byte accesses) where both addresses are the same modulo 16. The ranges
// must not overlap. Returns what the launch returned; an empty range launches nothing.
[[nodiscard]] cudaError_t launch_add(DType type, void* sum, const void* addend,
                                     std::int64_t count_elems, float scale, cudaStream_t stream);

// Whether the kernels below have the type: float16 and bfloat16.
[[nodiscard]] constexpr bool cuda_can_round_to(DType wire) {
  return wire == DType::kFloat16 || wire == DType::kBFloat16;
}

// Between float32 and what travels in its place, `wire` elements rounded to nearest even: what
// float16 can't hold becomes infinite, a NaN stays one. Otherwise as launch_add.
//
// sum[i] = scale * (sum[i] + received[i]), and to_send[i] = sum[i], rounded.
[[nodiscard]] cudaError_t launch_add_rounded(DType wire, float* sum, const void* received,
                                             void* to_send, std::int64_t count_elems, float scale,
                                             cudaStream_t stream);
// to_send[i] = values[i], rounded.
[[nodiscard]] cudaError_t launch_narrow(DType wire, const float* values, void* to_send,
                                        std::int64_t count_elems, cudaStream_t stream);
// values[i] = received[i].
[[nodiscard]] cudaError_t launch_widen(DType wire, float* values, const void* received,
                                       std::int64_t count_elems, cudaStream_t stream);

// values[i] = scale * values[i], otherwise as launch_add.
[[nodiscard]] cudaError_t launch_scale(DType type, void* values, std::int64_t count_elems,
                                       float scale, cudaStream_t stream);

}  // namespace ringmaster::comm
