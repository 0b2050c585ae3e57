#include "comm/cuda_add.h"
#include "comm/cuda_elements.cuh"

namespace ringmaster::comm {
namespace {

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
