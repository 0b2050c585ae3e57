#include "train/save_schedule.h"

#include <gtest/gtest.h>

namespace ringmaster::train {
namespace {

class SaveScheduleTest : public ::testing::Test {
 protected:
  static SaveSchedule::Time at(double seconds) {
    return SaveSchedule::Time{} + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
  }
};

TEST_F(SaveScheduleTest, ByStepsOfTheRun) {
  SaveSchedule schedule({.every_steps = 4, .every_minutes = 0, .retry_s = 1}, at(0));
  EXPECT_FALSE(schedule.due(3, at(1000)));
  EXPECT_TRUE(schedule.due(4, at(1001)));
  EXPECT_TRUE(schedule.due(5, at(1002)));  // the save before was still being written
  schedule.taken(at(1002));
  EXPECT_FALSE(schedule.due(6, at(1003)));
  EXPECT_TRUE(schedule.due(8, at(1004)));
}

TEST_F(SaveScheduleTest, ByTheClockSinceTheSaveBefore) {
  SaveSchedule schedule({.every_steps = 0, .every_minutes = 0.5, .retry_s = 1}, at(0));
  EXPECT_FALSE(schedule.due(1, at(29)));
  EXPECT_TRUE(schedule.due(2, at(30)));
  schedule.taken(at(35));
  EXPECT_FALSE(schedule.due(3, at(64)));
  EXPECT_TRUE(schedule.due(4, at(65)));
}

TEST_F(SaveScheduleTest, NeverWhereNeitherIsSet) {
  SaveSchedule schedule({}, at(0));
  for (std::int64_t step = 1; step < 100; ++step) EXPECT_FALSE(schedule.due(step, at(1e6)));
}

TEST_F(SaveScheduleTest, AFailedSaveIsTriedAgainWhenItsTimeHasCome) {
  SaveSchedule schedule({.every_steps = 4, .every_minutes = 0, .retry_s = 10}, at(0));
  EXPECT_TRUE(schedule.due(4, at(1)));
  schedule.taken(at(1));
  schedule.failed(at(2));
  EXPECT_FALSE(schedule.due(5, at(3)));
  EXPECT_FALSE(schedule.due(8, at(11)));  // a full disk is not asked at every fourth step
  EXPECT_TRUE(schedule.due(9, at(12)));
  schedule.taken(at(12));
  EXPECT_FALSE(schedule.due(10, at(13)));
}

}  // namespace
}  // namespace ringmaster::train
