#include "comm/nccl_buffer.h"

#include <nccl.h>

#include "base/check.h"
#include "comm/cuda_handles.h"

namespace ringmaster::comm {

NcclBuffer::NcclBuffer(std::size_t bytes) : size_bytes_(bytes) {
  if (bytes == 0) return;
  void* memory = nullptr;
  by_nccl_ = ncclMemAlloc(&memory, bytes) == ncclSuccess;
  if (!by_nccl_) {
    // Whatever stopped NCCL must not be reported by the next kernel launch.
    (void)cudaGetLastError();
    const cudaError_t code = cudaMalloc(&memory, bytes);
    RM_REQUIRE(code != cudaErrorMemoryAllocation, ErrorKind::kNotSupported, "no GPU memory for ",
               bytes >> 20U,
               " MiB of gradients and communication: choose a smaller model or batch,",
               " or free the GPU of other processes (nvidia-smi lists them)");
    check_cuda(code, "cudaMalloc");
  }
  data_ = static_cast<std::byte*>(memory);
  cudaError_t zeroed = cudaMemsetAsync(memory, 0, bytes, nullptr);
  if (zeroed == cudaSuccess) zeroed = cudaStreamSynchronize(nullptr);
  if (zeroed == cudaSuccess) return;
  release();
  check_cuda(zeroed, "cudaMemsetAsync");
}

NcclBuffer::~NcclBuffer() {
  release();
}

void NcclBuffer::release() {
  if (data_ == nullptr) return;
  if (by_nccl_) {
    (void)ncclMemFree(data_);
  } else {
    (void)cudaFree(data_);
  }
  data_ = nullptr;
}

}  // namespace ringmaster::comm
