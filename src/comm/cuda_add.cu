#include <algorithm>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "comm/cuda_add.h"

namespace ringmaster::comm {
namespace {

constexpr int kThreads = 256;
// Enough 16-byte loads in flight to fill the memory system of every GPU since sm_75; more blocks
// would only take multiprocessors from the backward pass that runs beside this.
constexpr std::int64_t kMaxBlocks = 1024;
constexpr std::size_t kVectorBytes = 16;

__device__ float widen(float value) {
  return value;
}
__device__ float widen(__half value) {
  return __half2float(value);
}
__device__ float widen(__nv_bfloat16 value) {
  return __bfloat162float(value);
}

template <typename T>
__device__ T narrow(float value);
template <>
__device__ float narrow<float>(float value) {
  return value;
}
template <>
__device__ __half narrow<__half>(float value) {
  return __float2half_rn(value);
}
template <>
__device__ __nv_bfloat16 narrow<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

template <typename T>
struct alignas(kVectorBytes) Vector {
  static constexpr int kElems = kVectorBytes / sizeof(T);
  T lane[kElems];
};

template <typename T>
struct Add {
  T* sum;
  const T* addend;
  float scale;
  __device__ void one(std::int64_t i) const {
    sum[i] = narrow<T>(scale * (widen(sum[i]) + widen(addend[i])));
  }
  __device__ void vector(std::int64_t first) const {
    auto* const target = reinterpret_cast<Vector<T>*>(sum + first);
    Vector<T> value = *target;
    const Vector<T> other = *reinterpret_cast<const Vector<T>*>(addend + first);
#pragma unroll
    for (int k = 0; k < Vector<T>::kElems; ++k)
      value.lane[k] = narrow<T>(scale * (widen(value.lane[k]) + widen(other.lane[k])));
    *target = value;
  }
};

template <typename T>
struct Scale {
  T* values;
  float scale;
  __device__ void one(std::int64_t i) const { values[i] = narrow<T>(scale * widen(values[i])); }
  __device__ void vector(std::int64_t first) const {
    auto* const target = reinterpret_cast<Vector<T>*>(values + first);
    Vector<T> value = *target;
#pragma unroll
    for (int k = 0; k < Vector<T>::kElems; ++k)
      value.lane[k] = narrow<T>(scale * widen(value.lane[k]));
    *target = value;
  }
};

// How a range splits: `head` single elements up to the first 16-byte boundary, whole vectors, and
// the rest one by one.
struct Split {
  std::int64_t head;
  std::int64_t vectors;
};

template <typename T, typename Work>
__global__ void each_element(Work work, std::int64_t count, Split split) {
  constexpr int kElems = Vector<T>::kElems;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (std::int64_t v = first; v < split.vectors; v += stride) work.vector(split.head + v * kElems);
  for (std::int64_t i = first; i < split.head; i += stride) work.one(i);
  const std::int64_t tail = split.head + split.vectors * kElems;
  for (std::int64_t i = tail + first; i < count; i += stride) work.one(i);
}

std::size_t misalignment(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kVectorBytes;
}

template <typename T>
Split split_at(const T* address, std::int64_t count) {
  const std::size_t gap_bytes = (kVectorBytes - misalignment(address)) % kVectorBytes;
  const std::int64_t head = std::min<std::int64_t>(count, gap_bytes / sizeof(T));
  return {head, (count - head) / Vector<T>::kElems};
}

template <typename T, typename Work>
cudaError_t launch(const Work& work, std::int64_t count, Split split, cudaStream_t stream) {
  const std::int64_t singles = count - split.vectors * Vector<T>::kElems;
  const std::int64_t blocks = (std::max(split.vectors, singles) + kThreads - 1) / kThreads;
  each_element<T><<<static_cast<unsigned>(std::min(blocks, kMaxBlocks)), kThreads, 0, stream>>>(
      work, count, split);
  return cudaGetLastError();
}

template <typename T>
cudaError_t add(void* sum, const void* addend, std::int64_t count, float scale,
                cudaStream_t stream) {
  const Add<T> work{static_cast<T*>(sum), static_cast<const T*>(addend), scale};
  const bool together = misalignment(sum) == misalignment(addend);
  return launch<T>(work, count, together ? split_at(work.sum, count) : Split{0, 0}, stream);
}

template <typename T>
cudaError_t scale_in_place(void* values, std::int64_t count, float scale, cudaStream_t stream) {
  const Scale<T> work{static_cast<T*>(values), scale};
  return launch<T>(work, count, split_at(work.values, count), stream);
}

}  // namespace

cudaError_t launch_add(DType type, void* sum, const void* addend, std::int64_t count_elems,
                       float scale, cudaStream_t stream) {
  if (count_elems == 0) return cudaSuccess;
  switch (type) {
    case DType::kFloat32:
      return add<float>(sum, addend, count_elems, scale, stream);
    case DType::kFloat16:
      return add<__half>(sum, addend, count_elems, scale, stream);
    case DType::kBFloat16:
      return add<__nv_bfloat16>(sum, addend, count_elems, scale, stream);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t launch_scale(DType type, void* values, std::int64_t count_elems, float scale,
                         cudaStream_t stream) {
  if (count_elems == 0) return cudaSuccess;
  switch (type) {
    case DType::kFloat32:
      return scale_in_place<float>(values, count_elems, scale, stream);
    case DType::kFloat16:
      return scale_in_place<__half>(values, count_elems, scale, stream);
    case DType::kBFloat16:
      return scale_in_place<__nv_bfloat16>(values, count_elems, scale, stream);
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace ringmaster::comm
