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

// values[i] = scale * values[i], otherwise as launch_add.
[[nodiscard]] cudaError_t launch_scale(DType type, void* values, std::int64_t count_elems,
                                       float scale, cudaStream_t stream);

}  // namespace ringmaster::comm
