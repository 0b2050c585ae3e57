// A rank of one host is killed or stopped in the middle of its reductions: the others must throw,
// soon, and name it. Only processes that the test forked are touched.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/make_engine.h"
#include "tests/comm/allreduce_check.h"
#include "tests/comm/fork_ranks.h"

namespace ringmaster::comm {
namespace {

using testing::ForkedRanks;
using testing::ForkTable;
using ::testing::HasSubstr;

constexpr int kRanks = 4;

// Reduces until something breaks.
void reduce_for_ever(ControlPlane& control, ForkTable& table, const std::string& algorithm,
                     double step_deadline_s) {
  EngineOptions options;
  options.capacity_elems = 1 << 20;
  options.algorithm = algorithm;
  options.segment_bytes = 16 << 10;
  options.step_deadline_s = step_deadline_s;
  const auto engine = make_engine(control, nullptr, options);
  for (int step = 0;; ++step) {
    for (std::int64_t bucket = 0; bucket < 4; ++bucket) {
      engine->start({bucket, bucket << 18, 1 << 18, 0.25}, nullptr);
    }
    engine->finish(nullptr, testing::test_deadline());
    if (step == 5) table.at_work.fetch_add(1);
  }
}

void wait_until_at_work(ForkedRanks& ranks) {
  const Deadline deadline = Deadline::after(std::chrono::seconds(30));
  while (ranks.table().at_work.load() < kRanks) {
    ASSERT_FALSE(deadline.passed()) << "the ranks don't get to work";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void expect_others_blame(ForkedRanks& ranks, int culprit, ErrorKind kind) {
  const Deadline deadline = Deadline::after(std::chrono::seconds(10));
  for (int rank = 0; rank < kRanks; ++rank) {
    if (rank == culprit) continue;
    ASSERT_TRUE(ranks.wait(rank, deadline)) << "rank " << rank << " hangs";
    const auto at = static_cast<std::size_t>(rank);
    EXPECT_EQ(ranks.table().error_kind[at].load(), 1 + static_cast<int>(kind));
    const std::string message = ranks.table().error[at].data();
    EXPECT_EQ(message.find("rank " + std::to_string(culprit) + " on here"), 0u) << message;
    EXPECT_THAT(message, HasSubstr("in reduction"));
  }
}

class LostRank : public ::testing::TestWithParam<std::tuple<std::string, int>> {};

TEST_P(LostRank, KilledIsNamedByTheOthers) {
  const auto& [algorithm, culprit] = GetParam();
  ForkedRanks ranks(kRanks, [&, algorithm = algorithm](ControlPlane& control, ForkTable& table) {
    reduce_for_ever(control, table, algorithm, 60);
  });
  ASSERT_NO_FATAL_FAILURE(wait_until_at_work(ranks));
  ranks.signal(culprit, SIGKILL);
  expect_others_blame(ranks, culprit, ErrorKind::kPeerLost);
}

TEST_P(LostRank, StoppedIsNamedByTheOthers) {
  const auto& [algorithm, culprit] = GetParam();
  ForkedRanks ranks(kRanks, [&, algorithm = algorithm](ControlPlane& control, ForkTable& table) {
    reduce_for_ever(control, table, algorithm, 0.5);
  });
  ASSERT_NO_FATAL_FAILURE(wait_until_at_work(ranks));
  ranks.signal(culprit, SIGSTOP);
  expect_others_blame(ranks, culprit, ErrorKind::kTimeout);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, LostRank,
                         ::testing::Combine(::testing::Values("ring", "hierarchical"),
                                            ::testing::Values(0, 1, 3)));

}  // namespace
}  // namespace ringmaster::comm
