// links: rm_comm rm_gpu_doubles
// The GPU engine when something breaks: every call that can fail does so once; ranks stop, leave or
// disagree. Always an error that says what and where, no hang, and nothing left allocated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nccl.h>

#include "base/check.h"
#include "comm/nccl_engine.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_ranks.h"

namespace ringmaster::comm {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using testing::expect_all_well;
using testing::expect_nothing_left;
using testing::FakeGpu;
using testing::FakeRank;
using ::testing::HasSubstr;
using testing::kLongSeconds;
using testing::options_of;
using testing::Outcome;
using testing::run_ranks;
using testing::soon;

constexpr double kShortSeconds = 0.3;
const Reduction kWhole{0, 0, 1000, 0.5};

NcclEngineOptions impatient(const char* algorithm = "ring") {
  NcclEngineOptions options = options_of(DType::kFloat32, 1000);
  options.algorithm = algorithm;
  options.segment_bytes = 1024;
  options.deadline_s = kShortSeconds;
  return options;
}

void step(FakeRank& rank, double seconds = kLongSeconds) {
  std::int64_t wrong = 0;
  rank.step({kWhole}, 0, &wrong, seconds);
}

TEST(NcclFailures, ARankThatDoesNotStartIsATimeoutThatSaysWhereToLook) {
  for (const char* const algorithm : {"ring", "nccl"}) {
    FakeGpu::get().reset(3, 1U);
    FakeGpu::get().set_peers_notice_abort(false);
    const auto outcomes = run_ranks(3, [&](ControlPlane& control) {
      FakeRank rank(control, impatient(algorithm));
      control.barrier(soon(kLongSeconds));
      if (control.world().rank != 1) step(rank, kShortSeconds);
      control.barrier(soon(kLongSeconds));
    });
    EXPECT_EQ(outcomes[0].kind, ErrorKind::kTimeout);
    EXPECT_EQ(outcomes[2].kind, ErrorKind::kTimeout);
    EXPECT_THAT(outcomes[2].text, AllOf(HasSubstr("rank 2 on node2, reduction 0"),
                                        HasSubstr("receives from rank 1 on node1"),
                                        HasSubstr("sends to rank 0 on node0")));
    expect_nothing_left();
  }
}

TEST(NcclFailures, ARankThatLeavesIsLost) {
  FakeGpu::get().reset(2, 1U);
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat32, 1000));
    control.barrier(soon(kLongSeconds));
    if (control.world().rank == 1) FakeGpu::get().never_settle(1);  // and so gives up first
    step(rank, control.world().rank == 1 ? kShortSeconds : kLongSeconds);
  });
  EXPECT_EQ(outcomes[0].kind, ErrorKind::kPeerLost);
  EXPECT_THAT(outcomes[0].text, AllOf(HasSubstr("reduction 0"), HasSubstr("remote process")));
  expect_nothing_left();
}

TEST(NcclFailures, RanksThatDisagreeAreToldSo) {
  FakeGpu::get().reset(2, 1U);
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat32, 1000));
    rank.engine().start({0, 0, control.world().rank == 0 ? 1000 : 900, 1.0}, nullptr);
    rank.engine().finish(nullptr, soon(kLongSeconds));
  });
  EXPECT_THAT(FakeGpu::get().violations(), ::testing::Contains(HasSubstr("does not match")));
  for (const Outcome& outcome : outcomes)
    EXPECT_THAT(outcome.text, AnyOf(HasSubstr("invalid usage"), HasSubstr("remote process")));
  EXPECT_EQ(FakeGpu::get().leaks(), "");
}

// NCCL connects to a peer at its first use, which may take for ever.
TEST(NcclFailures, FinishEndsAWaitWhileReductionsAreQueued) {
  FakeGpu::get().reset(2, 1U);
  FakeGpu::get().set_peers_notice_abort(false);
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat32, 1000));
    control.barrier(soon(kLongSeconds));
    FakeGpu::get().never_settle(control.world().rank);
    step(rank, kShortSeconds);
  });
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.kind, ErrorKind::kTimeout);
    EXPECT_THAT(outcome.text, HasSubstr("still connecting"));
  }
  expect_nothing_left();
}

TEST(NcclFailures, AnEngineMayGoWithReductionsUnfinished) {
  FakeGpu::get().reset(2, 1U);
  expect_all_well(run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat32, 1000));
    control.barrier(soon(kLongSeconds));
    if (control.world().rank == 0) rank.engine().start(kWhole, nullptr);
  }));
}

TEST(NcclFailures, ARankThatDoesNotComeIsATimeoutOfMaking) {
  FakeGpu::get().reset(2, 1U);
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    if (control.world().rank == 0) FakeRank rank(control, impatient());
    if (control.world().rank == 1) (void)control.broadcast("", 0, soon(kLongSeconds));
  });
  EXPECT_EQ(outcomes[0].kind, ErrorKind::kTimeout);
  EXPECT_THAT(outcomes[0].text, HasSubstr("NCCL has not connected all 2 ranks"));
  expect_nothing_left();
}

TEST(NcclFailures, TwoRanksOnOneGpuAreRefused) {
  FakeGpu::get().reset(1, 1U);
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    NcclEngineOptions options = impatient();
    options.device = 0;
    (void)make_nccl_engine(control, options);
  });
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.kind, ErrorKind::kNotSupported);
    EXPECT_THAT(outcome.text, HasSubstr("one GPU per rank"));
  }
  expect_nothing_left();
}

TEST(NcclFailures, ARankZeroWithoutAnIdTellsTheOthers) {
  FakeGpu::get().reset(2, 1U);
  FakeGpu::get().fail({0, "ncclGetUniqueId", 0, ncclInternalError});
  const auto outcomes = run_ranks(
      2, [&](ControlPlane& control) { FakeRank rank(control, options_of(DType::kFloat32, 1000)); });
  EXPECT_THAT(outcomes[0].text, HasSubstr("ncclGetUniqueId"));
  EXPECT_EQ(outcomes[1].kind, ErrorKind::kPeerLost);
  EXPECT_THAT(outcomes[1].text, HasSubstr("rank 0"));
  expect_nothing_left();
}

TEST(NcclFailures, WithoutNcclMemoryItTakesCudas) {
  FakeGpu::get().reset(2, 1U);
  FakeGpu::get().fail({0, "ncclMemAlloc", 0, ncclSystemError});
  expect_all_well(run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat32, 1000));
    step(rank);
    EXPECT_THAT(rank.engine().describe(),
                HasSubstr(control.world().rank == 0 ? "cudaMalloc" : "ncclMemAlloc, registered"));
  }));
}

// ---- one failure at every call ----

struct Way {
  const char* algorithm;
  std::optional<DType> wire;
};

std::vector<Outcome> train_two_steps(const Way& way) {
  return run_ranks(2, [&](ControlPlane& control) {
    NcclEngineOptions options = impatient(way.algorithm);
    options.wire = way.wire;
    FakeRank rank(control, options);
    step(rank, kShortSeconds);
    step(rank, kShortSeconds);
  });
}

// Asked again and again: how often depends on time, so the nth question may not come.
bool is_polled(const std::string& function) {
  return function == "cudaEventQuery" || function == "ncclCommGetAsyncError" ||
         function == "asynchronous state" || function == "cudaStreamQuery";
}

// Whose failure costs memory's speed, or nothing since the object goes anyway.
bool is_harmless(const std::string& function) {
  return function == "ncclMemAlloc" || function == "ncclCommRegister" ||
         function == "ncclCommDeregister" || function == "ncclMemFree" ||
         function == "ncclCommFinalize" || function == "ncclCommDestroy" ||
         function == "ncclCommAbort" || function == "cudaEventDestroy" ||
         function == "cudaStreamDestroy" || function == "cudaStreamQuery" || function == "cudaFree";
}

int code_of(const std::string& function) {
  if (function == "asynchronous state") return ncclRemoteError;
  return function.rfind("nccl", 0) == 0 ? static_cast<int>(ncclInternalError)
                                        : static_cast<int>(cudaErrorUnknown);
}

class NcclFailureAtEveryCall : public ::testing::TestWithParam<Way> {};

TEST_P(NcclFailureAtEveryCall, EndsCleanly) {
  FakeGpu::get().reset(2, 1U);
  expect_all_well(train_two_steps(GetParam()));
  const std::map<std::string, int> calls = FakeGpu::get().calls(1);
  ASSERT_GE(calls.size(), 20U);
  for (const auto& [function, count] : calls) {
    for (int nth = 0; nth < (is_polled(function) ? std::min(count, 3) : count); ++nth) {
      SCOPED_TRACE(join_text(function, " fails at its call ", nth));
      FakeGpu::get().reset(2, 1U);
      FakeGpu::get().fail({1, function, nth, code_of(function)});
      const auto outcomes = train_two_steps(GetParam());
      EXPECT_EQ(FakeGpu::get().leaks(), "");
      const bool came = FakeGpu::get().calls(1)[function] > nth || !is_polled(function);
      if (is_harmless(function) || !came) continue;
      // Rank 0's thread comes to this device too. What restores a device when all is done may fail.
      EXPECT_TRUE(function == "cudaSetDevice" || outcomes[0].text + outcomes[1].text != "");
      for (const Outcome& outcome : outcomes)
        EXPECT_TRUE(outcome.text.empty() || outcome.text.find("rank ") != std::string::npos)
            << outcome.text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, NcclFailureAtEveryCall,
                         ::testing::Values(Way{"ring", {}}, Way{"nccl", {}},
                                           Way{"ring", DType::kFloat16}));

}  // namespace
}  // namespace ringmaster::comm
