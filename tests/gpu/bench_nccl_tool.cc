// links: rm_comm
// Bandwidth of the GPU reductions, one table on standard output:
//
//   bench_nccl_tool [RANKS]
//
// RANKS (default 2) threads of this process, a GPU each where the machine has as many, else all on
// one (NCCL 2.30 or newer): `ring` and `nccl` by turns; not where neither is given, or RANKS is 1.
// Before that the addition kernels, and the ring of a rank with itself, which has every launch and
// addition of 2, 4 and 8 ranks and no wire. time: one reduction, from host to host, the median of
// rounds (of 8 reductions); algbw, busbw: as in nccl-tests' doc/PERFORMANCE.md; wrong: elements.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <cuda_runtime_api.h>

#include "base/error.h"
#include "comm/cuda_add.h"
#include "comm/nccl_communicator.h"
#include "comm/nccl_engine.h"
#include "comm/nccl_ring.h"
#include "comm/thread_control.h"
#include "tests/gpu/device_array.h"

namespace ringmaster::testing {
namespace {

constexpr std::int64_t kMaxElems = 32 << 20U;
constexpr std::int64_t kMinElems = 1 << 10U;
constexpr int kReductions = 8;  // a round: as many buckets in flight
constexpr int kRounds = 9;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print_row(const char* algorithm, int ranks, std::int64_t elems, double seconds,
               std::int64_t wrong) {
  const double bytes = static_cast<double>(elems) * sizeof(float);
  const double algbw = bytes / seconds * 1e-9;
  std::printf("%-9s %5d %12.0f %11.1f %10.2f %10.2f %7lld\n", algorithm, ranks, bytes,
              seconds * 1e6, algbw, algbw * 2 * (ranks - 1) / ranks, static_cast<long long>(wrong));
}

void print_head(const char* title) {
  std::printf("\n%s\n%-9s %5s %12s %11s %10s %10s %7s\n", title, "algorithm", "ranks", "size(B)",
              "time(us)", "algbw(GB/s)", "busbw(GB/s)", "wrong");
}

int gpus() {
  int count = 0;
  comm::check_cuda(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  return count;
}

// A mean over ranks with equal values leaves them as they are, round after round.
std::int64_t count_wrong(const void* arena, std::int64_t elems) {
  std::vector<float> values(static_cast<std::size_t>(elems));
  copy_to_host(values, arena);
  return std::count_if(values.begin(), values.end(), [](float value) { return value != 1.5F; });
}

double round_seconds(comm::Engine& engine, std::int64_t elems, double scale, cudaStream_t stream) {
  const auto begun = Clock::now();
  for (int i = 0; i < kReductions; ++i) engine.start({i, 0, elems, scale}, stream);
  engine.finish(stream, Deadline::after(std::chrono::seconds(60)));
  return seconds_since(begun) / kReductions;
}

void bench_rank(comm::ControlPlane& control) {
  const comm::World& world = control.world();
  comm::NcclEngineOptions options;
  options.capacity_elems = kMaxElems;
  options.device = world.rank % gpus();
  options.deadline_s = 60;
  comm::check_cuda(cudaSetDevice(options.device), "cudaSetDevice");
  const std::vector<std::string> algorithms = {"ring", "nccl"};
  std::vector<std::unique_ptr<comm::Engine>> engines;
  for (const std::string& algorithm : algorithms) {
    options.algorithm = algorithm;
    engines.push_back(comm::make_nccl_engine(control, options));
    if (world.rank == 0) std::printf("%s\n", engines.back()->describe().c_str());
    copy_to_device(engines.back()->arena(),
                   std::vector<float>(static_cast<std::size_t>(kMaxElems), 1.5F));
  }
  const comm::CudaStream stream;
  if (world.rank == 0) print_head("Engines");
  for (std::int64_t elems = kMinElems; elems <= kMaxElems; elems *= 2) {
    std::vector<std::vector<double>> times(engines.size());
    for (int round = 0; round <= kRounds; ++round) {
      for (std::size_t e = 0; e < engines.size(); ++e) {
        control.barrier(Deadline::after(std::chrono::seconds(60)));
        const double seconds = round_seconds(*engines[e], elems, 1.0 / world.size, stream.get());
        if (round > 0) times[e].push_back(seconds);  // the first one connects
      }
    }
    for (std::size_t e = 0; e < engines.size(); ++e) {
      const std::int64_t wrong = count_wrong(engines[e]->arena(), elems);
      if (world.rank == 0)
        print_row(algorithms[e].c_str(), world.size, elems, median(times[e]), wrong);
    }
  }
}

// Seconds that `work` takes on `stream`, by events.
template <typename Work>
double gpu_seconds(cudaStream_t stream, Work work) {
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  comm::check_cuda(cudaEventCreate(&begin), "cudaEventCreate");
  comm::check_cuda(cudaEventCreate(&end), "cudaEventCreate");
  comm::check_cuda(cudaEventRecord(begin, stream), "cudaEventRecord");
  work();
  comm::check_cuda(cudaEventRecord(end, stream), "cudaEventRecord");
  comm::check_cuda(cudaEventSynchronize(end), "cudaEventSynchronize");
  float milliseconds = 0;
  comm::check_cuda(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
  (void)cudaEventDestroy(begin);
  (void)cudaEventDestroy(end);
  return milliseconds * 1e-3;
}

void bench_kernel(comm::DType type, const char* name) {
  const std::int64_t bytes = kMaxElems * static_cast<std::int64_t>(sizeof(float));
  const DeviceArray sum(static_cast<std::size_t>(bytes));
  const DeviceArray addend(static_cast<std::size_t>(bytes));
  const comm::CudaStream stream;
  for (std::int64_t size = 1 << 16; size <= bytes; size *= 8) {
    const std::int64_t elems = size / static_cast<std::int64_t>(comm::size_bytes(type));
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
      times.push_back(gpu_seconds(stream.get(), [&] {
        for (int i = 0; i < kReductions; ++i) {
          comm::check_cuda(
              comm::launch_add(type, sum.data(), addend.data(), elems, 1.0F, stream.get()),
              "launch_add");
        }
      }));
    }
    const double seconds = median(times) / kReductions;
    std::printf("%-9s %12lld %11.1f %10.1f\n", name, static_cast<long long>(size), seconds * 1e6,
                3 * static_cast<double>(size) / seconds * 1e-9);
  }
}

void bench_kernels() {
  std::printf("\nAddition kernels: GB/s of memory, two reads and a write\n%-9s %12s %11s %10s\n",
              "type", "size(B)", "time(us)", "GB/s");
  bench_kernel(comm::DType::kFloat32, "float32");
  bench_kernel(comm::DType::kBFloat16, "bfloat16");
}

void bench_loopback() {
  const auto control = comm::make_single_control();
  comm::NcclCommunicator communicator(*control, 60);
  const comm::Patience patience(60);
  const comm::CudaStream stream;
  comm::CudaStream add_stream;
  const DeviceArray array(static_cast<std::size_t>(kMaxElems) * sizeof(float));
  const std::int64_t segment_elems = 1 << 20U;
  comm::NcclScratch scratch(static_cast<std::size_t>(segment_elems) * sizeof(float));
  print_head("A rank with itself (busbw is no wire's)");
  for (const int ranks : {2, 4, 8}) {
    comm::NcclRing ring(communicator, scratch, add_stream, {0, ranks, 0, 0}, comm::DType::kFloat32,
                        std::nullopt, segment_elems);
    for (std::int64_t elems = kMinElems; elems <= kMaxElems; elems *= 8) {
      std::vector<double> times;
      for (int round = 0; round <= kRounds; ++round) {
        const auto begun = Clock::now();
        ring.all_reduce({array.data(), nullptr, elems, 1.0, stream.get(), patience});
        comm::check_cuda(cudaStreamSynchronize(stream.get()), "cudaStreamSynchronize");
        if (round > 0) times.push_back(seconds_since(begun));
      }
      print_row("loopback", ranks, elems, median(times), 0);
    }
  }
}

bool can_run(int ranks) {
  if (gpus() >= ranks) return true;
  int version = 0;
  const bool shares = ncclGetVersion(&version) == ncclSuccess && version >= NCCL_VERSION(2, 30, 0);
  if (!shares) {
    std::printf("NCCL %s does not put %d ranks on %d GPU: 2.30 or newer does\n",
                comm::nccl_version().c_str(), ranks, gpus());
  }
  return shares;
}

// Whether all ranks came through.
bool bench_engines(int ranks) {
  auto controls = comm::make_thread_controls(ranks);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (auto& control : controls) {
    threads.emplace_back([&control, &failed] {
      try {
        bench_rank(*control);
      } catch (const Error& error) {
        std::printf("%s\n", error.what());
        ++failed;
      }
      control.reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failed == 0;
}

bool bench(int ranks) {
  cudaDeviceProp device{};
  comm::check_cuda(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
  std::printf("%s, NCCL %s\n", device.name, comm::nccl_version().c_str());
  bench_kernels();
  bench_loopback();
  return ranks == 1 || !can_run(ranks) || bench_engines(ranks);
}

}  // namespace
}  // namespace ringmaster::testing

int main(int argc, char** argv) {
  // Before NCCL reads it; without meaning to versions that do not know it.
  setenv("NCCL_MULTI_RANK_GPU_ENABLE", "1", 0);
  // Loading a kernel late waits for the device, and so for other ranks on it, which may wait for
  // us.
  setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was measured before a failure counts
  try {
    return ringmaster::testing::bench(argc > 1 ? std::atoi(argv[1]) : 2) ? 0 : 1;
  } catch (const ringmaster::Error& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
