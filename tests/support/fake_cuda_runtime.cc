// Link-time double of the part of the CUDA runtime that src/comm uses, over fake_cuda.h.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <cuda_runtime_api.h>

#include "tests/support/fake_cuda.h"

using ringmaster::testing::fake_current_device;
using ringmaster::testing::FakeGpu;
using ringmaster::testing::FakeLock;
using ringmaster::testing::FakeStream;

namespace {

// How often it was recorded, and which of those records its stream has reached. Shared with the
// work that is queued: an event may be destroyed while a stream waits for it.
struct Marks {
  int device = 0;
  std::int64_t recorded = 0;
  std::int64_t reached = 0;
};
using Event = std::shared_ptr<Marks>;

Event& event_of(cudaEvent_t handle) {
  return *reinterpret_cast<Event*>(handle);
}

// Counts the call; whether it may go on. `result` is its outcome so far.
bool enter(const FakeLock& guard, const char* function, cudaError_t& result) {
  const auto failure = FakeGpu::get().enter(guard, function);
  result = failure ? static_cast<cudaError_t>(*failure) : cudaSuccess;
  return !failure;
}

FakeStream& stream_of(const FakeLock& guard, cudaStream_t handle) {
  return FakeGpu::get().stream(guard, handle, fake_current_device());
}

}  // namespace

extern "C" {

const char* cudaGetErrorName(cudaError_t code) {
  return code == cudaSuccess ? "cudaSuccess" : "cudaErrorOfTheDouble";
}

const char* cudaGetErrorString(cudaError_t) {
  return "made to fail";
}

cudaError_t cudaGetLastError() {
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (enter(guard, __func__, result)) *count = FakeGpu::get().device_count(guard);
  return result;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int /*device*/) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  *properties = {};
  if (enter(guard, __func__, result)) std::strcpy(properties->name, "double of a GPU");
  return result;
}

cudaError_t cudaGetDevice(int* device) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (enter(guard, __func__, result)) *device = fake_current_device();
  return result;
}

cudaError_t cudaSetDevice(int device) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (enter(guard, __func__, result)) fake_current_device() = device;
  return result;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  *least = 0;
  *greatest = -5;
  return result;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int /*priority*/) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  if (flags != cudaStreamNonBlocking)
    FakeGpu::get().violate(guard, "a stream that waits for the default stream");
  auto* const made = new FakeStream{fake_current_device(), 0, {}};
  FakeGpu::get().made(guard, "streams", made);
  *stream = reinterpret_cast<cudaStream_t>(made);
  return result;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  enter(guard, __func__, result);
  FakeGpu::get().destroy_stream(guard, stream);
  return result;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  return stream_of(guard, stream).work.empty() ? cudaSuccess : cudaErrorNotReady;
}

// Also when it fails: what it reports then is the failure of the work.
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  while (true) {
    {
      const auto guard = FakeGpu::get().lock();
      if (stream_of(guard, stream).work.empty()) {
        cudaError_t result;
        enter(guard, __func__, result);
        return result;
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  const Event marks = event_of(event);
  FakeGpu::get().use(
      guard, stream_of(guard, stream),
      [marks, record = marks->recorded](const FakeLock&) { return marks->reached >= record; });
  return result;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned /*flags*/) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  auto* const made = new Event(std::make_shared<Marks>());
  (*made)->device = fake_current_device();
  FakeGpu::get().made(guard, "events", made);
  *event = reinterpret_cast<cudaEvent_t>(made);
  return result;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  enter(guard, __func__, result);
  if (FakeGpu::get().gone(guard, "events", event)) delete &event_of(event);
  return result;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  FakeStream& stream = stream_of(guard, handle);
  const Event marks = event_of(event);
  if (stream.device != marks->device) return cudaErrorInvalidResourceHandle;
  const std::int64_t record = ++marks->recorded;
  FakeGpu::get().use(guard, stream, [marks, record](const FakeLock&) {
    marks->reached = std::max(marks->reached, record);
    return true;
  });
  return result;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  const Event& marks = event_of(event);
  return marks->reached >= marks->recorded ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*memory, 0xA5, bytes);
  FakeGpu::get().made(guard, "allocations", *memory);
  return result;
}

cudaError_t cudaFree(void* memory) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  enter(guard, __func__, result);
  if (FakeGpu::get().gone(guard, "allocations", memory)) std::free(memory);
  return result;
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  const auto guard = FakeGpu::get().lock();
  cudaError_t result;
  if (!enter(guard, __func__, result)) return result;
  FakeGpu::get().use(guard, stream_of(guard, stream), [memory, value, bytes](const FakeLock&) {
    std::memset(memory, value, bytes);
    return true;
  });
  return result;
}

}  // extern "C"
