// links: rm_comm rm_gpu_doubles
// What a rounded wire leaves of the sums, on the doubles of tests/support/fake_cuda.h.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/philox.h"
#include "comm/nccl_engine.h"
#include "comm/vector_add.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_ranks.h"

namespace ringmaster::comm {
namespace {

using testing::expect_all_well;
using testing::FakeGpu;
using testing::FakeRank;
using testing::hosts_of;
using testing::kLongSeconds;
using testing::options_of;
using testing::run_ranks;
using testing::soon;

struct Way {
  int ranks;
  const char* algorithm;
  std::optional<DType> wire;
  int ranks_per_host = 1;
};

// Rough numbers of one rank.
std::vector<float> rough(int rank, std::int64_t count) {
  RandomStream random(21, RandomUse::kTest, static_cast<std::uint64_t>(rank), 0);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.normal()));
  return values;
}

// By rank, what `inputs(rank)` reduces to.
std::vector<std::vector<float>> reduce(const Way& c, std::int64_t count, double scale, bool exact,
                                       const std::function<std::vector<float>(int)>& inputs) {
  FakeGpu::get().reset(c.ranks, 3U);
  NcclEngineOptions options = options_of(DType::kFloat32, count);
  options.algorithm = c.algorithm;
  options.wire = c.wire;
  options.segment_bytes = 256;
  std::vector<std::vector<float>> results(static_cast<std::size_t>(c.ranks));
  expect_all_well(run_ranks(hosts_of(c.ranks, c.ranks_per_host), [&](ControlPlane& control) {
    const int me = control.world().rank;
    FakeRank rank(control, options);
    const std::vector<float> mine = inputs(me);
    auto* x = static_cast<float*>(rank.engine().arena());
    std::copy(mine.begin(), mine.end(), x);
    rank.engine().start({0, 0, count, scale, exact}, nullptr);
    rank.engine().finish(nullptr, soon(kLongSeconds));
    results[static_cast<std::size_t>(me)].assign(x, x + count);
  }));
  return results;
}

TEST(NcclWire, ARoundedWireGivesAllRanksTheSameFewDigits) {
  constexpr std::int64_t kCount = 700;
  for (const DType wire : {DType::kFloat16, DType::kBFloat16}) {
    for (const Way& c :
         {Way{2, "ring", wire}, Way{5, "ring", wire}, Way{4, "hierarchical", wire, 2}}) {
      SCOPED_TRACE(join_text(c.algorithm, ' ', c.ranks, ' ', name_of(wire)));
      const auto results = reduce(c, kCount, 0.5, false, [](int r) { return rough(r, kCount); });
      for (const auto& result : results) EXPECT_EQ(result, results.front());
      std::vector<float> again = results.front();
      wire_kernels(wire).round(again.data(), kCount);
      EXPECT_EQ(again, results.front());
      const double half_step = wire == DType::kFloat16 ? 0x1p-11 : 0x1p-8;
      for (std::int64_t i = 0; i < kCount; ++i) {
        double sum = 0, size = 0;
        for (int rank = 0; rank < c.ranks; ++rank) {
          const double value = 0.5 * rough(rank, kCount)[static_cast<std::size_t>(i)];
          sum += value;
          size += std::fabs(value);
        }
        ASSERT_NEAR(results.front()[static_cast<std::size_t>(i)], sum,
                    (c.ranks + 1) * half_step * size + 1e-6);
      }
    }
  }
}

TEST(NcclWire, AnExactReductionIsNotRounded) {
  const auto inputs = [](int rank) { return rough(rank, 300); };
  const auto in_full = reduce({3, "ring"}, 300, 1, false, inputs);
  const Way rounded{3, "ring", DType::kBFloat16};
  EXPECT_EQ(reduce(rounded, 300, 1, true, inputs), in_full);
  EXPECT_NE(reduce(rounded, 300, 1, false, inputs), in_full);
}

TEST(NcclWire, ARoundedWireHidesNothingInfinite) {
  const Way half{3, "ring", DType::kFloat16};
  const auto sum_of = [&](float first, float rest) {
    return reduce(half, 100, 1, false,
                  [&](int rank) { return std::vector<float>(100, rank == 0 ? first : rest); });
  };
  for (const auto& result : sum_of(65504, 0)) EXPECT_THAT(result, ::testing::Each(65504));
  for (const auto& result : sum_of(40000, 40000)) EXPECT_THAT(result, ::testing::Each(INFINITY));
  for (const auto& result : sum_of(-INFINITY, 1)) EXPECT_THAT(result, ::testing::Each(-INFINITY));
  for (const auto& result : sum_of(NAN, 1))
    EXPECT_THAT(result, ::testing::Each(::testing::IsNan()));
}

}  // namespace
}  // namespace ringmaster::comm
