#include "app/stuck_guard.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace ringmaster::app {
namespace {

[[noreturn]] void stand_still(int exit_code) {
  const StuckGuard guard(std::chrono::milliseconds(50), "MPI's start", exit_code);
  std::this_thread::sleep_for(std::chrono::minutes(1));
  std::_Exit(0);
}

TEST(StuckGuard, EndsTheProcessThatStandsStill) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(stand_still(75), ::testing::ExitedWithCode(75),
              "rank 0: MPI's start took more than 0.05 s");
  EXPECT_EXIT(stand_still(3), ::testing::ExitedWithCode(3), "stands still or is lost");
}

TEST(StuckGuard, DoesNothingWhereAllGoesWell) {
  const auto start = std::chrono::steady_clock::now();
  { const StuckGuard guard(std::chrono::hours(1), "MPI's start", 75); }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(1));
}

}  // namespace
}  // namespace ringmaster::app
