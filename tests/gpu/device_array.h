// Device memory of a GPU test, with what it needs to fill and read it.
#pragma once

#include <cstddef>
#include <vector>

#include <cuda_runtime_api.h>

#include "comm/cuda_handles.h"

namespace ringmaster::testing {

class DeviceArray {
 public:
  explicit DeviceArray(std::size_t bytes) {
    comm::check_cuda(cudaMalloc(&data_, bytes), "cudaMalloc");
  }
  ~DeviceArray() { (void)cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  [[nodiscard]] std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  void* data_ = nullptr;
};

// Returns when the values are there: cudaMemcpy from ordinary memory returns when they are on their
// way. Not by cudaDeviceSynchronize, which would wait for other ranks on the same device.
template <typename T>
void copy_to_device(void* target, const std::vector<T>& source) {
  comm::check_cuda(
      cudaMemcpy(target, source.data(), source.size() * sizeof(T), cudaMemcpyHostToDevice),
      "cudaMemcpy to the device");
  comm::check_cuda(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
}

// What lies there when everything that the device has to do is done.
template <typename T>
void copy_to_host(std::vector<T>& target, const void* source) {
  comm::check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  comm::check_cuda(
      cudaMemcpy(target.data(), source, target.size() * sizeof(T), cudaMemcpyDeviceToHost),
      "cudaMemcpy to the host");
}

}  // namespace ringmaster::testing
