#include "base/median.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(Median, IsTheMiddleOneOfAnOddNumber) {
  EXPECT_EQ(median(std::vector<double>{7}), 7);
  EXPECT_EQ(median(std::vector<double>{9, 1, 4}), 4);
  EXPECT_EQ(median(std::vector<double>{5, 5, 1, 2, 100}), 5);
}

TEST(Median, IsTheMeanOfTheMiddleTwoOfAnEvenNumber) {
  EXPECT_EQ(median(std::vector<double>{4, 1}), 2.5);
  EXPECT_EQ(median(std::vector<double>{100, 2, 8, 1}), 5);
  EXPECT_EQ(median(std::vector<double>{3, 3, 3, 0}), 3);
}

TEST(Median, TakesTimes) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(median(std::vector<nanoseconds>{nanoseconds(30), nanoseconds(10)}), nanoseconds(20));
}

}  // namespace
}  // namespace ringmaster
