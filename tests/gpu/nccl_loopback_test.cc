// links: rm_comm
// NCCL itself on one GPU: a communicator of one rank sends to and receives from itself, which runs
// the ring's exchanges, its two streams and their events as they run between GPUs.
#include <memory>

#include <gtest/gtest.h>

#include "comm/nccl_communicator.h"
#include "comm/nccl_ring.h"
#include "comm/thread_control.h"
#include "tests/gpu/device_array.h"
#include "tests/gpu/half_values.h"

namespace ringmaster::testing {
namespace {

constexpr double kSeconds = 60;

class NcclLoopback : public ::testing::Test {
 protected:
  std::unique_ptr<comm::ControlPlane> control_ = comm::make_single_control();
  comm::NcclCommunicator communicator_{*control_, kSeconds};
  comm::CudaStream stream_;
  comm::Patience patience_{kSeconds};
};

TEST_F(NcclLoopback, SendsToItself) {
  const DeviceArray from(1000 * sizeof(float));
  const DeviceArray to(1000 * sizeof(float));
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  copy_to_device(from.data(), values);
  communicator_.exchange({from.data(), 1000, 0}, {to.data(), 1000, 0}, comm::DType::kFloat32,
                         stream_.get(), patience_);
  std::vector<float> received(1000);
  copy_to_host(received, to.data());
  EXPECT_EQ(received, values);
  communicator_.check_health();
}

TEST_F(NcclLoopback, ReducesAndRegisters) {
  comm::NcclBuffer buffer(4096);
  // Both depend on the driver, and reductions on neither.
  RecordProperty("memory", buffer.source());
  RecordProperty("registered",
                 communicator_.register_memory(buffer.data(), buffer.size_bytes(), patience_));
  std::vector<float> values(1024, 1.0F);
  std::vector<float> result(1024);
  copy_to_host(result, buffer.data());
  EXPECT_EQ(result, std::vector<float>(1024, 0.0F));
  copy_to_device(buffer.data(), values);
  communicator_.all_reduce(buffer.data(), 1024, comm::DType::kFloat32, ncclAvg, stream_.get(),
                           patience_);
  copy_to_host(result, buffer.data());
  EXPECT_EQ(result, values);
  // The communicator must go before the memory that it has registered.
  communicator_.abort();
}

TEST_F(NcclLoopback, AbortLetsTheStreamGoOn) {
  const DeviceArray array(1U << 20U);
  for (int i = 0; i < 20; ++i) {
    communicator_.exchange({array.data(), 1 << 16, 0}, {array.data() + (1U << 19U), 1 << 16, 0},
                           comm::DType::kFloat32, stream_.get(), patience_);
  }
  communicator_.abort();
  EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess);
}

// A ring of `ranks` whose neighbours are all this rank: what it sends it receives as the chunk
// before, so every chunk ends as scale * (sum of all chunks).
template <typename T>
void expect_sum_of_chunks(comm::NcclCommunicator& communicator, int ranks, std::int64_t chunk,
                          std::int64_t segment_elems, std::size_t gap) {
  const comm::DType type = TypeOf<T>::kType;
  const std::int64_t count = chunk * ranks;
  std::vector<T> values(static_cast<std::size_t>(count));
  std::vector<float> sums(static_cast<std::size_t>(chunk), 0.0F);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>((i * 7 + i / chunk) % 11 - 5);
    values[static_cast<std::size_t>(i)] = TypeOf<T>::store(value);
    sums[static_cast<std::size_t>(i % chunk)] += value;
  }
  const DeviceArray array((values.size() + gap) * sizeof(T));
  std::byte* const data = array.data() + gap * sizeof(T);
  copy_to_device(data, values);

  comm::CudaStream stream;
  comm::CudaStream add_stream;
  comm::NcclScratch scratch(static_cast<std::size_t>(segment_elems) * sizeof(T));
  comm::NcclRing ring(communicator, scratch, add_stream, {0, ranks, 0, 0}, type, std::nullopt,
                      segment_elems);
  ring.all_reduce({data, nullptr, count, 0.5, stream.get(), comm::Patience(kSeconds)});
  copy_to_host(values, data);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    wrong += TypeOf<T>::load(values[static_cast<std::size_t>(i)]) !=
             0.5F * sums[static_cast<std::size_t>(i % chunk)];
  }
  EXPECT_EQ(wrong, 0) << ranks << " ranks, chunks of " << chunk << ", segments of " << segment_elems
                      << ", gap " << gap;
}

TEST_F(NcclLoopback, RingSumsChunks) {
  for (const int ranks : {2, 3, 8}) {
    for (const std::int64_t chunk : {32, 1 << 14, 1 << 20}) {
      // One segment, several, and many with a short last one.
      for (const std::int64_t segment : {chunk, chunk / 2, chunk / 8 * 3}) {
        expect_sum_of_chunks<float>(communicator_, ranks, chunk, segment, 0);
        expect_sum_of_chunks<__half>(communicator_, ranks, chunk, segment, 3);
        expect_sum_of_chunks<__nv_bfloat16>(communicator_, ranks, chunk, segment, 0);
      }
    }
  }
}

}  // namespace
}  // namespace ringmaster::testing
