#include "comm/cuda_handles.h"

#include "base/check.h"

namespace ringmaster::comm {

void check_cuda(cudaError_t code, const char* what) {
  RM_REQUIRE(code == cudaSuccess, ErrorKind::kInternal, what, ": ", cudaGetErrorName(code), ": ",
             cudaGetErrorString(code));
}

DeviceScope::DeviceScope(int device) {
  check_cuda(cudaGetDevice(&before_), "cudaGetDevice");
  check_cuda(cudaSetDevice(device), "cudaSetDevice");
}

DeviceScope::~DeviceScope() {
  (void)cudaSetDevice(before_);
}

CudaStream::CudaStream() {
  int least = 0;
  int greatest = 0;
  check_cuda(cudaDeviceGetStreamPriorityRange(&least, &greatest),
             "cudaDeviceGetStreamPriorityRange");
  check_cuda(cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, greatest),
             "cudaStreamCreateWithPriority");
}

// A failure to destroy is no news: the device is lost, and whoever uses it next says so.
CudaStream::~CudaStream() {
  (void)cudaStreamDestroy(stream_);
}

CudaEvent::CudaEvent() {
  check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreateWithFlags");
}

CudaEvent::~CudaEvent() {
  (void)cudaEventDestroy(event_);
}

void CudaEvent::record(cudaStream_t stream) {
  check_cuda(cudaEventRecord(event_, stream), "cudaEventRecord");
}

void CudaEvent::hold_back(cudaStream_t stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_, 0), "cudaStreamWaitEvent");
}

bool CudaEvent::reached() const {
  const cudaError_t state = cudaEventQuery(event_);
  if (state == cudaErrorNotReady) return false;
  check_cuda(state, "cudaEventQuery");
  return true;
}

}  // namespace ringmaster::comm
