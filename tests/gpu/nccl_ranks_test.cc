// links: rm_comm
// The GPU engine of several ranks (threads of this process): a GPU each where the machine has as
// many, else all on one, which NCCL allows from 2.30 on. Exits with 77, which ctest counts as
// skipped, where neither is given.
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nccl.h>

#include "base/check.h"
#include "comm/nccl_engine.h"
#include "comm/thread_control.h"
#include "tests/gpu/device_array.h"

namespace ringmaster::testing {
namespace {

constexpr std::int64_t kElems = 3'000'001;
constexpr std::size_t kCount = kElems;

int gpus() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

struct Outcome {
  std::string text;
  ErrorKind kind = ErrorKind::kInternal;
  std::vector<float> values;
};

float value_of(int rank, std::size_t element) {
  return static_cast<float>((static_cast<std::size_t>(rank) * 7 + element * 3) % 13) - 6.0F;
}

// Each rank reduces the arena in three parts, twice; rank `silent` takes no part in the second
// round.
Outcome run_rank(comm::ControlPlane& control, const std::string& algorithm, int silent) {
  const int rank = control.world().rank;
  comm::NcclEngineOptions options;
  options.capacity_elems = kElems;
  options.algorithm = algorithm;
  options.device = rank % gpus();
  options.deadline_s = 60;
  options.segment_bytes = std::size_t{1} << 20U;
  Outcome outcome;
  try {
    comm::check_cuda(cudaSetDevice(options.device), "cudaSetDevice");
    const auto engine = comm::make_nccl_engine(control, options);
    comm::CudaStream stream;
    std::vector<float> mine(kCount);
    for (std::size_t i = 0; i < kCount; ++i) mine[i] = value_of(rank, i);
    for (int round = 0; round < 2; ++round) {
      copy_to_device(engine->arena(), mine);
      if (round == 1 && rank == silent) break;
      engine->start({0, 0, 1000, 0.5}, stream.get());
      engine->start({1, 1000, 1'000'003, 0.5}, stream.get());
      engine->start({2, 1'001'003, kElems - 1'001'003, 0.5}, stream.get());
      engine->finish(stream.get(), Deadline::after(std::chrono::seconds(silent < 0 ? 60 : 5)));
    }
    control.barrier(Deadline::after(std::chrono::seconds(60)));
    outcome.values.resize(kCount);
    if (silent < 0) copy_to_host(outcome.values, engine->arena());
  } catch (const Error& error) {
    outcome.text = error.what();
    outcome.kind = error.kind();
  }
  return outcome;
}

std::vector<Outcome> run(int ranks, const std::string& algorithm, int silent = -1) {
  auto controls = comm::make_thread_controls(ranks);
  std::vector<Outcome> outcomes(controls.size());
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < controls.size(); ++rank) {
    threads.emplace_back([&, rank] {
      outcomes[rank] = run_rank(*controls[rank], algorithm, silent);
      controls[rank].reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

void expect_sums(const std::vector<Outcome>& outcomes) {
  std::vector<float> expected(kCount, 0.0F);
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::size_t rank = 0; rank < outcomes.size(); ++rank)
      expected[i] += 0.5F * value_of(static_cast<int>(rank), i);
  }
  for (const Outcome& outcome : outcomes) {
    ASSERT_EQ(outcome.text, "");
    EXPECT_TRUE(outcome.values == expected);
  }
}

TEST(NcclRanks, RingSums) {
  for (const int ranks : {2, 3, 4}) expect_sums(run(ranks, "ring"));
}

TEST(NcclRanks, NcclSums) {
  expect_sums(run(2, "nccl"));
}

TEST(NcclRanks, AStuckRankEndsTheOthersByTheDeadline) {
  for (const char* const algorithm : {"ring", "nccl", "auto"}) {
    const auto outcomes = run(3, algorithm, 1);
    EXPECT_THAT(outcomes[0].kind, ::testing::AnyOf(ErrorKind::kTimeout, ErrorKind::kPeerLost));
    EXPECT_THAT(outcomes[0].text, ::testing::HasSubstr("rank 0"));
    EXPECT_THAT(outcomes[2].text, ::testing::HasSubstr("reduction 0"));
  }
}

// Why ranks can't be had on this machine; "" if they can.
std::string why_not() {
  if (!comm::nccl_available()) return comm::why_no_nccl();
  if (gpus() >= 4) return "";
  int version = 0;
  if (ncclGetVersion(&version) == ncclSuccess && version >= NCCL_VERSION(2, 30, 0)) return "";
  return join_text("4 ranks on ", gpus(), " GPU need NCCL 2.30 or newer, and this is ",
                   version / 10000, ".", version / 100 % 100, ".", version % 100);
}

}  // namespace
}  // namespace ringmaster::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // Before NCCL reads it; without meaning to versions that do not know it.
  setenv("NCCL_MULTI_RANK_GPU_ENABLE", "1", 0);
  // Loading a kernel late waits for the device, and so for other ranks on it, which may wait for
  // us.
  setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  const std::string problem = ringmaster::testing::why_not();
  if (!problem.empty()) {
    std::printf("skipped: %s\n", problem.c_str());
    return 77;
  }
  return RUN_ALL_TESTS();
}
