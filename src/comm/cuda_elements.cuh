// One pass over arrays, 16 bytes at a time: what the kernels of cuda_add.cu and cuda_round.cu
// share. Included once per .cu file; hence the unnamed namespace.
#pragma once

#include <algorithm>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

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

}  // namespace
}  // namespace ringmaster::comm
