// Double of src/comm/cuda_add.cu: the same arithmetic on the host, when the stream comes to it.
#include "tests/support/fake_cuda_add.h"

#include <utility>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "comm/cuda_add.h"
#include "tests/support/fake_cuda.h"

namespace ringmaster::testing {

float fake_load(comm::DType type, const void* values, std::int64_t index) {
  if (type == comm::DType::kFloat32) return static_cast<const float*>(values)[index];
  if (type == comm::DType::kFloat16) return __half2float(static_cast<const __half*>(values)[index]);
  return __bfloat162float(static_cast<const __nv_bfloat16*>(values)[index]);
}

void fake_store(comm::DType type, void* values, std::int64_t index, float value) {
  if (type == comm::DType::kFloat32) {
    static_cast<float*>(values)[index] = value;
  } else if (type == comm::DType::kFloat16) {
    static_cast<__half*>(values)[index] = __float2half_rn(value);
  } else {
    static_cast<__nv_bfloat16*>(values)[index] = __float2bfloat16_rn(value);
  }
}

}  // namespace ringmaster::testing

namespace ringmaster::comm {
namespace {

using testing::fake_load;
using testing::FakeGpu;

cudaError_t launch(const char* kernel, cudaStream_t handle, std::function<void()> work) {
  FakeGpu& gpu = FakeGpu::get();
  const auto guard = gpu.lock();
  if (const auto failure = gpu.enter(guard, kernel)) return static_cast<cudaError_t>(*failure);
  gpu.use(guard, gpu.stream(guard, handle, testing::fake_current_device()),
          [work = std::move(work)](const testing::FakeLock&) {
            work();
            return true;
          });
  return cudaSuccess;
}

}  // namespace

cudaError_t launch_add(DType type, void* sum, const void* addend, std::int64_t count_elems,
                       float scale, cudaStream_t stream) {
  return launch("launch_add", stream, [=] {
    for (std::int64_t i = 0; i < count_elems; ++i) {
      testing::fake_store(type, sum, i,
                          scale * (fake_load(type, sum, i) + fake_load(type, addend, i)));
    }
  });
}

cudaError_t launch_add_rounded(DType wire, float* sum, const void* received, void* to_send,
                               std::int64_t count_elems, float scale, cudaStream_t stream) {
  return launch("launch_add_rounded", stream, [=] {
    for (std::int64_t i = 0; i < count_elems; ++i) {
      sum[i] = scale * (sum[i] + fake_load(wire, received, i));
      testing::fake_store(wire, to_send, i, sum[i]);
    }
  });
}

cudaError_t launch_narrow(DType wire, const float* values, void* to_send, std::int64_t count_elems,
                          cudaStream_t stream) {
  return launch("launch_narrow", stream, [=] {
    for (std::int64_t i = 0; i < count_elems; ++i) testing::fake_store(wire, to_send, i, values[i]);
  });
}

cudaError_t launch_widen(DType wire, float* values, const void* received, std::int64_t count_elems,
                         cudaStream_t stream) {
  return launch("launch_widen", stream, [=] {
    for (std::int64_t i = 0; i < count_elems; ++i) values[i] = fake_load(wire, received, i);
  });
}

cudaError_t launch_scale(DType type, void* values, std::int64_t count_elems, float scale,
                         cudaStream_t stream) {
  return launch("launch_scale", stream, [=] {
    for (std::int64_t i = 0; i < count_elems; ++i)
      testing::fake_store(type, values, i, scale * fake_load(type, values, i));
  });
}

}  // namespace ringmaster::comm
