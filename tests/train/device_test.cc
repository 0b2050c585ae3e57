#include "train/device.h"

#include <gtest/gtest.h>

#include "tests/comm/threads.h"

namespace ringmaster::train {
namespace {

// What every rank is told, where they may use `processors`.
std::vector<double> crowding(const std::vector<Processors>& processors, int threads) {
  std::vector<double> told(processors.size());
  testing::run_ranks(static_cast<int>(processors.size()), [&](comm::ControlPlane& control) {
    const auto rank = static_cast<std::size_t>(control.world().rank);
    told[rank] = threads_per_core(control, processors[rank], threads,
                                  Deadline::after(std::chrono::seconds(20)));
  });
  return told;
}

TEST(ThreadsPerCore, CountsTheRanksOfTheSameProcessors) {
  EXPECT_EQ(crowding({{2, "a"}, {2, "a"}, {2, "a"}}, 1), std::vector<double>(3, 1.5));
  EXPECT_EQ(crowding({{1, "a"}, {1, "b"}, {1, "c"}}, 1), std::vector<double>(3, 1.0));
  EXPECT_EQ(crowding({{8, "a"}, {8, "a"}}, 2), std::vector<double>(2, 0.5));
}

TEST(ThreadsPerCore, EveryRankHearsOfTheMostCrowded) {
  EXPECT_EQ(crowding({{4, "a"}, {1, "b"}, {1, "b"}, {1, "b"}}, 1), std::vector<double>(4, 3.0));
}

}  // namespace
}  // namespace ringmaster::train
