// links: rm_comm rm_gpu_doubles
// The GPU engine's orchestration, against the doubles of tests/support/fake_cuda.h: no GPU needed.
#include "comm/nccl_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "comm/thread_control.h"
#include "comm/vector_add.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_add.h"
#include "tests/support/fake_cuda_ranks.h"

namespace ringmaster::comm {
namespace {

using testing::end_of;
using testing::expect_all_well;
using testing::expect_nothing_left;
using testing::fake_load;
using testing::FakeGpu;
using testing::FakeRank;
using ::testing::HasSubstr;
using testing::hosts_of;
using testing::kLongSeconds;
using testing::options_of;
using testing::Outcome;
using testing::reductions_of;
using testing::run_ranks;
using testing::soon;

struct Case {
  int ranks;
  DType type;
  const char* algorithm;
  std::optional<DType> wire;
  int ranks_per_host = 1;
};

class NcclEngineSums : public ::testing::TestWithParam<Case> {};

// Sizes around every boundary (chunks begin at multiples of 64 bytes, segments have 128), odd
// offsets, several reductions in flight, several rounds over the same memory.
TEST_P(NcclEngineSums, EqualTheReference) {
  const Case& c = GetParam();
  FakeGpu::get().reset(c.ranks, 1U);
  const auto line = static_cast<std::int64_t>(64 / size_bytes(c.type));
  const auto reductions =
      reductions_of({0, 1, c.ranks - 1, c.ranks, c.ranks + 1, line * c.ranks - 1, line * c.ranks,
                     line * c.ranks + 1, 2 * line * c.ranks, 5 * line * c.ranks + 3, 1000},
                    3, 0.5);
  NcclEngineOptions options = options_of(c.type, end_of(reductions) + 5);
  options.algorithm = c.algorithm;
  options.wire = c.wire;
  options.segment_bytes = 128;
  std::vector<std::int64_t> wrong(static_cast<std::size_t>(c.ranks), 0);
  expect_all_well(run_ranks(hosts_of(c.ranks, c.ranks_per_host), [&](ControlPlane& control) {
    FakeRank rank(control, options);
    for (int round = 0; round < 3; ++round)
      rank.step(reductions, round, &wrong[static_cast<std::size_t>(control.world().rank)]);
  }));
  EXPECT_THAT(wrong, ::testing::Each(0));
}

std::vector<Case> sum_cases() {
  std::vector<Case> cases;
  for (int ranks = 1; ranks <= 8; ++ranks) cases.push_back({ranks, DType::kFloat32, "ring"});
  for (const int ranks : {2, 3}) {
    cases.push_back({ranks, DType::kFloat16, "ring"});
    cases.push_back({ranks, DType::kBFloat16, "ring"});
  }
  for (const int ranks : {1, 2, 5}) cases.push_back({ranks, DType::kFloat32, "nccl"});
  cases.push_back({2, DType::kBFloat16, "nccl"});
  for (const int ranks : {4, 6, 8})
    cases.push_back({ranks, DType::kFloat32, "hierarchical", {}, 2});
  cases.push_back({6, DType::kBFloat16, "hierarchical", {}, 3});
  for (const DType wire : {DType::kFloat16, DType::kBFloat16}) {
    for (int ranks = 1; ranks <= 8; ++ranks)
      cases.push_back({ranks, DType::kFloat32, "ring", wire});
    cases.push_back({6, DType::kFloat32, "hierarchical", wire, 2});
  }
  for (const int ranks : {1, 2, 3}) cases.push_back({ranks, DType::kFloat32, "auto"});
  cases.push_back({4, DType::kFloat32, "auto", {}, 2});
  cases.push_back({4, DType::kFloat32, "auto", DType::kBFloat16, 2});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, NcclEngineSums, ::testing::ValuesIn(sum_cases()),
                         [](const auto& test) {
                           const Case& c = test.param;
                           return join_text(c.algorithm, c.ranks, "on", c.ranks / c.ranks_per_host,
                                            name_of(c.type), c.wire ? "as" : "",
                                            c.wire ? name_of(*c.wire) : "");
                         });

// Whatever order the GPU chooses among its streams; 1, 2 and 4 segments in the largest chunk.
TEST(NcclEngine, KeepsTheOrderThatItNeedsForEverySeed) {
  const auto reductions = reductions_of({100, 700, 90}, 1, 0.25);
  for (unsigned seed = 0; seed < 60; ++seed) {
    FakeGpu::get().reset(3, seed);
    NcclEngineOptions options = options_of(DType::kFloat32, end_of(reductions));
    options.segment_bytes = std::size_t{256} << (seed % 3);
    std::vector<std::int64_t> wrong(3, 0);
    expect_all_well(run_ranks(3, [&](ControlPlane& control) {
      FakeRank rank(control, options);
      for (int round = 0; round < 2; ++round)
        rank.step(reductions, round, &wrong[static_cast<std::size_t>(control.world().rank)]);
    }));
    EXPECT_THAT(wrong, ::testing::Each(0)) << "seed " << seed;
  }
}

TEST(NcclEngine, GivesAZeroedAlignedArena) {
  FakeGpu::get().reset(1, 1U);
  const auto control = make_single_control();
  const auto engine = make_nccl_engine(*control, options_of(DType::kFloat32, 1000));
  EXPECT_EQ(engine->memory(), MemoryKind::kCuda);
  EXPECT_EQ(engine->capacity_elems(), 1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(engine->arena()) % 64, 0U);
  for (std::int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(fake_load(DType::kFloat32, engine->arena(), i), 0.0F);
}

// But its consumer's stream, whatever order the GPU chooses.
TEST(NcclEngine, OneRankDoesNotHoldUpItsHost) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    FakeGpu::get().reset(1, seed);
    const auto control = make_single_control();
    std::int64_t wrong = 0;
    {
      FakeRank rank(*control, options_of(DType::kFloat32, 100));
      FakeGpu::get().pause(0);
      rank.step({{0, 10, 50, 0.5}}, 0, &wrong);  // returns although the GPU does nothing
      FakeGpu::get().resume(0);
    }
    EXPECT_EQ(wrong, 0);
    expect_nothing_left();
  }
}

TEST(NcclEngine, KeepsAHistory) {
  FakeGpu::get().reset(2, 1U);
  expect_all_well(run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options_of(DType::kFloat16, 100));
    std::int64_t wrong = 0;
    rank.step({{0, 10, 50, 0.5}, {1, 60, 0, 0.5}}, 0, &wrong);
    const auto history = rank.engine().history();
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0].offset_bytes, 20U);
    EXPECT_EQ(history[0].size_bytes, 100U);
    EXPECT_EQ(history[1].phase, Phase::kDone);
  }));
}

TEST(NcclEngine, RefusesWhatItCannotDo) {
  FakeGpu::get().reset(1, 1U);
  const auto control = make_single_control();
  const auto refusal = [&](NcclEngineOptions options) {
    try {
      (void)make_nccl_engine(*control, options);
    } catch (const Error& error) {
      return Outcome{error.what(), error.kind()};
    }
    return Outcome{};
  };
  NcclEngineOptions options = options_of(DType::kFloat32, 10);
  options.algorithm = "gossip";
  EXPECT_THAT(refusal(options).text, HasSubstr("gossip"));
  EXPECT_EQ(refusal(options).kind, ErrorKind::kInvalidArgument);
  options = options_of(DType::kInt64, 10);
  EXPECT_THAT(refusal(options).text, HasSubstr("int64"));
  EXPECT_EQ(refusal(options).kind, ErrorKind::kNotSupported);
  options = options_of(DType::kFloat32, 10);
  options.device = 1;
  EXPECT_THAT(refusal(options).text, HasSubstr("no GPU 1"));
  options.device = 0;
  options.segment_bytes = 63;
  EXPECT_EQ(refusal(options).kind, ErrorKind::kInvalidArgument);
  options = options_of(DType::kFloat16, 10);
  options.wire = DType::kBFloat16;
  EXPECT_THAT(refusal(options).text, HasSubstr("bfloat16"));
  EXPECT_EQ(refusal(options).kind, ErrorKind::kNotSupported);
  expect_nothing_left();
}

TEST(NcclEngine, RefusesAlgorithmsThatCantServeTheseRanks) {
  NcclEngineOptions options = options_of(DType::kFloat32, 100);
  const auto refusals = [&](const std::vector<std::string>& hosts) {
    FakeGpu::get().reset(static_cast<int>(hosts.size()), 1U);
    const auto outcomes =
        run_ranks(hosts, [&](ControlPlane& control) { FakeRank rank(control, options); });
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.kind, ErrorKind::kNotSupported);
    expect_nothing_left();
    return outcomes.front().text;
  };
  options.algorithm = "hierarchical";
  EXPECT_THAT(refusals({"a", "a"}), HasSubstr("several hosts"));
  EXPECT_THAT(refusals({"a", "b"}), HasSubstr("several hosts"));
  EXPECT_THAT(refusals({"a", "a", "b"}), HasSubstr("same number of ranks"));
  options.algorithm = "nccl";
  options.wire = DType::kFloat16;
  EXPECT_THAT(refusals({"a", "b"}), HasSubstr("adds what it sends"));
}

TEST(NcclEngine, SaysWhetherThereIsAGpu) {
  FakeGpu::get().reset(1, 1U);
  EXPECT_TRUE(nccl_available());
  FakeGpu::get().reset(0, 1U);
  EXPECT_THAT(why_no_nccl(), HasSubstr("CUDA_VISIBLE_DEVICES"));
}

// Takes the segment path to its limit on a GPU that does not move: what is queued must stay below
// what a GPU takes without blocking the thread, and the deadline must come through.
TEST(NcclEngine, QueuesNoMoreThanAGpuTakes) {
  FakeGpu::get().reset(2, 1U);
  FakeGpu::get().set_peers_notice_abort(false);
  NcclEngineOptions options = options_of(DType::kFloat32, 64 * 1024);
  options.segment_bytes = 64;
  const auto outcomes = run_ranks(2, [&](ControlPlane& control) {
    FakeRank rank(control, options);
    control.barrier(soon(kLongSeconds));
    FakeGpu::get().pause(control.world().rank);
    rank.engine().start({0, 0, 64 * 1024, 1.0}, nullptr);
    try {
      rank.engine().finish(nullptr, soon(5));  // long enough to connect and fill the queue first
      ADD_FAILURE() << "a GPU that stands still has finished";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("no room on the GPU"));
      EXPECT_LT(FakeGpu::get().calls(control.world().rank)["ncclGroupEnd"], 400);
    }
    FakeGpu::get().resume(control.world().rank);
  });
  expect_all_well(outcomes);
}

}  // namespace
}  // namespace ringmaster::comm
