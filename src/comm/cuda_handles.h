// What the GPU code of this room owns of the CUDA runtime: streams, events, the current device.
// Objects belong to the device that was current when they were made.
#pragma once

#include <utility>

#include <cuda_runtime_api.h>

namespace ringmaster::comm {

// Throws Error{kInternal}, "<what>: <CUDA's name and text of the error>", unless `code` is
// cudaSuccess.
void check_cuda(cudaError_t code, const char* what);

// Makes `device` the calling thread's current device until the end of the scope: callers are
// autograd's threads, which have a current device of their own.
class DeviceScope {
 public:
  explicit DeviceScope(int device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
};

// Of the highest priority, since what it carries is on the critical path of a step; not ordered
// against the legacy default stream.
class CudaStream {
 public:
  CudaStream();
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  [[nodiscard]] cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

// Without timing, which is what makes recording and waiting cheap.
class CudaEvent {
 public:
  CudaEvent();
  ~CudaEvent();
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  // The work so far on `stream` comes before whatever waits for this event from now on.
  void record(cudaStream_t stream);
  // Nothing queued on `stream` from now on runs before the last record(). No record: no wait.
  void hold_back(cudaStream_t stream) const;
  // Whether all work before the last record() is done (true without a record); throws what that
  // work died of.
  [[nodiscard]] bool reached() const;

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace ringmaster::comm
