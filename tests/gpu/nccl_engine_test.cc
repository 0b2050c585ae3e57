// links: rm_comm
// The GPU engine of one rank on a real GPU: memory, order against the caller's streams.
#include "comm/nccl_engine.h"

#include <chrono>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "comm/thread_control.h"
#include "tests/gpu/device_array.h"

namespace ringmaster::testing {
namespace {

constexpr std::int64_t kElems = 25'600'000;  // as many as ResNet-50 has gradients
constexpr std::size_t kCount = kElems;

Deadline soon() {
  return Deadline::after(std::chrono::seconds(60));
}

class NcclEngineOnGpu : public ::testing::Test {
 protected:
  static std::unique_ptr<comm::Engine> make(comm::ControlPlane& control) {
    comm::NcclEngineOptions options;
    options.capacity_elems = kElems;
    return comm::make_nccl_engine(control, options);
  }
  std::unique_ptr<comm::ControlPlane> control_ = comm::make_single_control();
  std::unique_ptr<comm::Engine> engine_ = make(*control_);
  comm::CudaStream producer_;
  comm::CudaStream consumer_;
};

TEST_F(NcclEngineOnGpu, GivesAZeroedArena) {
  EXPECT_TRUE(comm::nccl_available()) << comm::why_no_nccl();
  std::vector<float> values(kCount, 1.0F);
  copy_to_host(values, engine_->arena());
  EXPECT_EQ(values, std::vector<float>(kCount, 0.0F));
}

// The values arrive on the producer's stream long after start() and finish() were called.
TEST_F(NcclEngineOnGpu, WaitsForTheProducerAndHoldsTheConsumerBack) {
  std::vector<float> values(kCount);
  for (std::size_t i = 0; i < kCount; ++i) values[i] = static_cast<float>(i % 1000);
  const DeviceArray source(kCount * sizeof(float));
  const DeviceArray result(kCount * sizeof(float));
  copy_to_device(source.data(), values);
  std::promise<void> go;
  std::future<void> gone = go.get_future();
  comm::check_cuda(cudaLaunchHostFunc(
                       producer_.get(),
                       [](void* wait) { static_cast<std::future<void>*>(wait)->wait(); }, &gone),
                   "cudaLaunchHostFunc");
  comm::check_cuda(cudaMemcpyAsync(engine_->arena(), source.data(), kCount * sizeof(float),
                                   cudaMemcpyDeviceToDevice, producer_.get()),
                   "cudaMemcpyAsync");
  engine_->start({0, 0, kElems / 2, 0.5}, producer_.get());
  engine_->start({1, kElems / 2, kElems - kElems / 2, 0.5}, producer_.get());
  engine_->finish(consumer_.get(), soon());
  comm::check_cuda(cudaMemcpyAsync(result.data(), engine_->arena(), kCount * sizeof(float),
                                   cudaMemcpyDeviceToDevice, consumer_.get()),
                   "cudaMemcpyAsync");
  go.set_value();
  std::vector<float> scaled(kCount);
  copy_to_host(scaled, result.data());
  for (float& value : values) value *= 0.5F;
  EXPECT_EQ(scaled, values);
}

// A reduction does not wait for what the producer's stream does after start(): they overlap.
TEST_F(NcclEngineOnGpu, RunsBesideTheProducersLaterWork) {
  comm::check_cuda(cudaMemsetAsync(engine_->arena(), 0x3f, 4096, producer_.get()),
                   "cudaMemsetAsync");
  engine_->start({0, 0, 1024, 2.0}, producer_.get());
  std::promise<void> go;
  std::future<void> gone = go.get_future();
  comm::check_cuda(cudaLaunchHostFunc(
                       producer_.get(),
                       [](void* wait) { static_cast<std::future<void>*>(wait)->wait(); }, &gone),
                   "cudaLaunchHostFunc");
  engine_->finish(consumer_.get(), soon());
  EXPECT_EQ(cudaStreamSynchronize(consumer_.get()), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(producer_.get()), cudaErrorNotReady);
  go.set_value();
}

}  // namespace
}  // namespace ringmaster::testing
