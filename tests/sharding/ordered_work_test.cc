#include "sharding/ordered_work.h"

#include <atomic>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

namespace ringmaster::sharding {
namespace {

class OrderedWorkTest : public ::testing::TestWithParam<int> {
 protected:
  using Work = OrderedWork<std::size_t>;
  Work::Steps steps() {
    return {.cost_bytes = [](std::size_t unit) { return unit % 7; },
            .make = [](std::size_t unit) { return unit * unit; },
            .consume =
                [this](std::size_t unit, std::size_t result) {
                  EXPECT_EQ(result, unit * unit);
                  consumed_.push_back(unit);
                  return true;
                }};
  }
  void expect_consumed(std::size_t count) {
    std::vector<std::size_t> want(count);
    std::iota(want.begin(), want.end(), std::size_t{0});
    EXPECT_EQ(consumed_, want);
  }
  std::vector<std::size_t> consumed_;
};

TEST_P(OrderedWorkTest, ResultsComeInOrder) {
  EXPECT_TRUE(Work(500, {GetParam(), 20}, steps()).run());
  expect_consumed(500);
}

TEST_P(OrderedWorkTest, NothingToDo) {
  EXPECT_TRUE(Work(0, {GetParam()}, steps()).run());
  expect_consumed(0);
}

TEST_P(OrderedWorkTest, FirstErrorInOrderWins) {
  Work::Steps steps = this->steps();
  steps.make = [](std::size_t unit) -> std::size_t {
    if (unit == 40 || unit > 42) throw std::runtime_error("unit " + std::to_string(unit));
    return unit * unit;
  };
  try {
    (void)Work(500, {GetParam()}, steps).run();
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "unit 40");
  }
  expect_consumed(40);
}

TEST_P(OrderedWorkTest, ErrorOfTheConsumerEndsIt) {
  Work::Steps steps = this->steps();
  steps.consume = [](std::size_t unit, std::size_t) {
    if (unit == 3) throw std::runtime_error("full");
    return true;
  };
  EXPECT_THROW((void)Work(500, {GetParam()}, steps).run(), std::runtime_error);
}

TEST_P(OrderedWorkTest, StopsWhenAsked) {
  Work::Steps steps = this->steps();
  steps.consume = [this](std::size_t unit, std::size_t) {
    consumed_.push_back(unit);
    return unit < 9;
  };
  EXPECT_FALSE(Work(500, {GetParam()}, steps).run());
  expect_consumed(10);
}

TEST_P(OrderedWorkTest, HoldsNoMoreThanTheBudget) {
  std::atomic<std::uint64_t> held = 0, most = 0;
  const auto cost = [](std::size_t unit) { return std::uint64_t{unit == 100 ? 1000u : 10u}; };
  Work::Steps steps{.cost_bytes = cost,
                    .make =
                        [&](std::size_t unit) {
                          const std::uint64_t now = held += cost(unit);
                          std::uint64_t seen = most;
                          while (now > seen && !most.compare_exchange_weak(seen, now)) {
                          }
                          return unit;
                        },
                    .consume =
                        [&](std::size_t unit, std::size_t) {
                          held -= cost(unit);
                          return true;
                        }};
  EXPECT_TRUE(Work(300, {GetParam(), 35}, steps).run());
  EXPECT_EQ(most, 1000u);  // the one that is too large went alone, and nothing beside it
  most = 0;
  EXPECT_TRUE(Work(100, {GetParam(), 35}, steps).run());
  EXPECT_LE(most, 30u);
}

INSTANTIATE_TEST_SUITE_P(Workers, OrderedWorkTest, ::testing::Values(1, 2, 8));

}  // namespace
}  // namespace ringmaster::sharding
