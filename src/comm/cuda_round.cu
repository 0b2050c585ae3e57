#include "comm/cuda_add.h"
#include "comm/cuda_elements.cuh"

namespace ringmaster::comm {
namespace {

// As many wire elements as a vector holds, and their floats, which fill two.
template <typename W>
struct Lanes {
  static constexpr int kHalf = Vector<float>::kElems;
  static_assert(Vector<W>::kElems == 2 * kHalf);
  Vector<float> low, high;
  __device__ float& operator[](int k) { return k < kHalf ? low.lane[k] : high.lane[k - kHalf]; }
  __device__ static Lanes load(const float* from) {
    return {reinterpret_cast<const Vector<float>*>(from)[0],
            reinterpret_cast<const Vector<float>*>(from)[1]};
  }
  __device__ void store(float* to) const {
    reinterpret_cast<Vector<float>*>(to)[0] = low;
    reinterpret_cast<Vector<float>*>(to)[1] = high;
  }
};

template <typename W>
struct AddRounded {
  float* sum;
  const W* received;
  W* to_send;
  float scale;
  __device__ void one(std::int64_t i) const {
    sum[i] = scale * (sum[i] + widen(received[i]));
    to_send[i] = narrow<W>(sum[i]);
  }
  __device__ void vector(std::int64_t first) const {
    Lanes<W> value = Lanes<W>::load(sum + first);
    Vector<W> wire = *reinterpret_cast<const Vector<W>*>(received + first);
#pragma unroll
    for (int k = 0; k < Vector<W>::kElems; ++k) {
      value[k] = scale * (value[k] + widen(wire.lane[k]));
      wire.lane[k] = narrow<W>(value[k]);
    }
    value.store(sum + first);
    *reinterpret_cast<Vector<W>*>(to_send + first) = wire;
  }
};

template <typename W>
struct Narrow {
  const float* values;
  W* to_send;
  __device__ void one(std::int64_t i) const { to_send[i] = narrow<W>(values[i]); }
  __device__ void vector(std::int64_t first) const {
    Lanes<W> value = Lanes<W>::load(values + first);
    Vector<W> wire;
#pragma unroll
    for (int k = 0; k < Vector<W>::kElems; ++k) wire.lane[k] = narrow<W>(value[k]);
    *reinterpret_cast<Vector<W>*>(to_send + first) = wire;
  }
};

template <typename W>
struct Widen {
  float* values;
  const W* received;
  __device__ void one(std::int64_t i) const { values[i] = widen(received[i]); }
  __device__ void vector(std::int64_t first) const {
    const Vector<W> wire = *reinterpret_cast<const Vector<W>*>(received + first);
    Lanes<W> value;
#pragma unroll
    for (int k = 0; k < Vector<W>::kElems; ++k) value[k] = widen(wire.lane[k]);
    value.store(values + first);
  }
};

// Arrays of both types lie on 16 bytes at the same elements only from an element on that does so in
// all: chunks and buckets begin there.
template <typename W, typename Work>
cudaError_t launch_rounded(const Work& work, std::int64_t count, bool aligned,
                           cudaStream_t stream) {
  const Split split{0, aligned ? count / Vector<W>::kElems : 0};
  return launch<W>(work, count, split, stream);
}

template <typename... Addresses>
bool all_aligned(const Addresses*... addresses) {
  return ((misalignment(addresses) == 0) && ...);
}

template <typename W>
cudaError_t add_rounded(float* sum, const void* received, void* to_send, std::int64_t count,
                        float scale, cudaStream_t stream) {
  const AddRounded<W> work{sum, static_cast<const W*>(received), static_cast<W*>(to_send), scale};
  return launch_rounded<W>(work, count, all_aligned(sum, work.received, work.to_send), stream);
}

template <typename W>
cudaError_t narrow_all(const float* values, void* to_send, std::int64_t count,
                       cudaStream_t stream) {
  const Narrow<W> work{values, static_cast<W*>(to_send)};
  return launch_rounded<W>(work, count, all_aligned(values, work.to_send), stream);
}

template <typename W>
cudaError_t widen_all(float* values, const void* received, std::int64_t count,
                      cudaStream_t stream) {
  const Widen<W> work{values, static_cast<const W*>(received)};
  return launch_rounded<W>(work, count, all_aligned(values, work.received), stream);
}

}  // namespace

cudaError_t launch_add_rounded(DType wire, float* sum, const void* received, void* to_send,
                               std::int64_t count_elems, float scale, cudaStream_t stream) {
  if (!cuda_can_round_to(wire)) return cudaErrorInvalidValue;
  if (count_elems == 0) return cudaSuccess;
  return wire == DType::kFloat16
             ? add_rounded<__half>(sum, received, to_send, count_elems, scale, stream)
             : add_rounded<__nv_bfloat16>(sum, received, to_send, count_elems, scale, stream);
}

cudaError_t launch_narrow(DType wire, const float* values, void* to_send, std::int64_t count_elems,
                          cudaStream_t stream) {
  if (!cuda_can_round_to(wire)) return cudaErrorInvalidValue;
  if (count_elems == 0) return cudaSuccess;
  return wire == DType::kFloat16 ? narrow_all<__half>(values, to_send, count_elems, stream)
                                 : narrow_all<__nv_bfloat16>(values, to_send, count_elems, stream);
}

cudaError_t launch_widen(DType wire, float* values, const void* received, std::int64_t count_elems,
                         cudaStream_t stream) {
  if (!cuda_can_round_to(wire)) return cudaErrorInvalidValue;
  if (count_elems == 0) return cudaSuccess;
  return wire == DType::kFloat16 ? widen_all<__half>(values, received, count_elems, stream)
                                 : widen_all<__nv_bfloat16>(values, received, count_elems, stream);
}

}  // namespace ringmaster::comm
