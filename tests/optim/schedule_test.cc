#include "optim/schedule.h"

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::optim {
namespace {

std::string six_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

// The rates that a run of 50 epochs at max-lr 0.1 logged: 1,281,167 images in batches of 170 are
// 7,537 steps an epoch, and its row n was written when n - 1 epochs were done, with the rate of the
// step to come.
TEST(OneCycle, ReproducesALoggedRun) {
  constexpr std::int64_t kStepsPerEpoch = 7537;
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kOneCycle, .total_steps = 50 * kStepsPerEpoch, .max_lr = 0.1});
  const std::vector<std::pair<std::int64_t, std::string>> rows = {
      {2, "0.005049"},  {3, "0.008150"},  {4, "0.013167"},  {8, "0.046983"}, {12, "0.084119"},
      {15, "0.098951"}, {16, "0.100000"}, {17, "0.099799"}, {19, "0.098198"}};
  for (const auto& [row, rate] : rows)
    EXPECT_EQ(six_digits(schedule->lr((row - 1) * kStepsPerEpoch)), rate) << "row " << row;
}

TEST(OneCycle, StartsPeaksAndEndsWherePyTorchSays) {
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kOneCycle, .total_steps = 100, .max_lr = 1, .cycle_momentum = true});
  EXPECT_NEAR(schedule->lr(0), 1 / 25.0, 1e-15);
  EXPECT_DOUBLE_EQ(schedule->lr(29), 1);
  EXPECT_DOUBLE_EQ(schedule->lr(99), 1 / 25.0 / 1e4);
  EXPECT_DOUBLE_EQ(schedule->momentum(0), 0.95);
  EXPECT_DOUBLE_EQ(schedule->momentum(29), 0.85);
  EXPECT_DOUBLE_EQ(schedule->momentum(99), 0.95);
  EXPECT_DOUBLE_EQ(
      make_schedule({.kind = ScheduleKind::kOneCycle, .total_steps = 100, .momentum = 0.8})
          ->momentum(29),
      0.8);
}

TEST(OneCycle, ARiseWithOneStepIsAtThePeak) {
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kOneCycle, .total_steps = 10, .max_lr = 1, .pct_start = 0.1});
  EXPECT_DOUBLE_EQ(schedule->lr(0), 1);
  EXPECT_DOUBLE_EQ(
      make_schedule({.kind = ScheduleKind::kOneCycle, .total_steps = 1, .max_lr = 1})->lr(0),
      1 / 25.0 / 1e4);
  EXPECT_DOUBLE_EQ(
      make_schedule(
          {.kind = ScheduleKind::kOneCycle, .total_steps = 10, .max_lr = 1, .pct_start = 1})
          ->lr(9),
      1);
}

class EverySchedule : public ::testing::Test {
 protected:
  static constexpr std::int64_t kTotal = 50;
  static constexpr WarmUp kWarmUp = {.steps = 10, .start_factor = 0.25};
  static std::vector<std::unique_ptr<Schedule>> all() {
    std::vector<std::unique_ptr<Schedule>> list;
    list.push_back(make_schedule(
        {.kind = ScheduleKind::kOneCycle, .total_steps = kTotal, .cycle_momentum = true}));
    list.push_back(make_schedule(
        {.kind = ScheduleKind::kTriangular, .total_steps = kTotal, .cycle_momentum = true}));
    list.push_back(make_schedule({.kind = ScheduleKind::kCosine,
                                  .total_steps = kTotal,
                                  .warm_up = kWarmUp,
                                  .min_lr = 0.001}));
    list.push_back(make_schedule({.kind = ScheduleKind::kStep,
                                  .total_steps = kTotal,
                                  .warm_up = kWarmUp,
                                  .milestones = {20, 60}}));
    list.push_back(make_schedule(
        {.kind = ScheduleKind::kPolynomial, .total_steps = kTotal, .warm_up = kWarmUp}));
    list.push_back(make_schedule(
        {.kind = ScheduleKind::kConstant, .total_steps = kTotal, .warm_up = kWarmUp}));
    return list;
  }
};

TEST_F(EverySchedule, StaysAtItsFinalValuePastTheLastStep) {
  for (const auto& schedule : all()) {
    EXPECT_EQ(schedule->total_steps(), kTotal);
    for (const std::int64_t step : {kTotal, kTotal + 1, 2 * kTotal, 1000 * kTotal}) {
      EXPECT_EQ(schedule->lr(step), schedule->lr(kTotal - 1));
      EXPECT_EQ(schedule->momentum(step), schedule->momentum(kTotal - 1));
    }
  }
}

TEST_F(EverySchedule, WarmsUpInAStraightLine) {
  const auto list = all();
  for (std::size_t i = 2; i < list.size(); ++i) {
    EXPECT_DOUBLE_EQ(list[i]->lr(0), 0.025);
    EXPECT_DOUBLE_EQ(list[i]->lr(4), 0.1 * (0.25 + 0.75 * 0.4));
    EXPECT_DOUBLE_EQ(list[i]->lr(10), 0.1);
  }
}

TEST(Cosine, HalvesInTheMiddle) {
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kCosine, .total_steps = 100, .max_lr = 1, .min_lr = 0.2});
  EXPECT_DOUBLE_EQ(schedule->lr(0), 1);
  EXPECT_DOUBLE_EQ(schedule->lr(50), 0.6);
  EXPECT_GT(schedule->lr(99), 0.2);
}

TEST(StepDecay, FallsAtItsMilestones) {
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kStep, .total_steps = 90, .max_lr = 1, .milestones = {30, 60}});
  EXPECT_DOUBLE_EQ(schedule->lr(29), 1);
  EXPECT_DOUBLE_EQ(schedule->lr(30), 0.1);
  EXPECT_DOUBLE_EQ(schedule->lr(59), 0.1);
  EXPECT_DOUBLE_EQ(schedule->lr(60), 0.01);
}

TEST(Polynomial, IsLinearAtPowerOne) {
  const auto schedule = make_schedule(
      {.kind = ScheduleKind::kPolynomial, .total_steps = 10, .max_lr = 1, .power = 1});
  EXPECT_DOUBLE_EQ(schedule->lr(5), 0.5);
  EXPECT_NEAR(schedule->lr(9), 0.1, 1e-15);
}

TEST(Triangular, RisesAndFallsInStraightLines) {
  const auto schedule =
      make_schedule({.kind = ScheduleKind::kTriangular, .total_steps = 100, .max_lr = 1});
  EXPECT_DOUBLE_EQ(schedule->lr(0), 1 / 25.0);
  EXPECT_DOUBLE_EQ(schedule->lr(29), 1);
  EXPECT_NEAR(schedule->lr(64), 0.5, 1e-5);
  EXPECT_NEAR(schedule->lr(99), 1 / 25.0 / 1e4, 1e-12);
}

TEST(Schedules, NamesAreThoseOfTheConfiguration) {
  EXPECT_EQ(parse_schedule_kind("onecycle"), ScheduleKind::kOneCycle);
  EXPECT_EQ(parse_schedule_kind("step"), ScheduleKind::kStep);
  EXPECT_THROW((void)parse_schedule_kind("one_cycle"), Error);
}

template <typename Make>
void expect_refused(const Make& make, const std::string& part) {
  try {
    (void)make();
    ADD_FAILURE() << "no error about " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

TEST(Schedules, BadOptionsAreNamed) {
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kOneCycle, .total_steps = 0}); },
                 "total_steps");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kOneCycle, .max_lr = 0}); },
                 "max_lr");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kOneCycle, .pct_start = 1.5}); },
                 "pct_start = 1.5");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kOneCycle, .div_factor = 0}); },
                 "div_factor");
  expect_refused(
      [] { return make_schedule({.kind = ScheduleKind::kOneCycle, .final_div_factor = -1}); },
      "final_div_factor");
  expect_refused(
      [] { return make_schedule({.kind = ScheduleKind::kCosine, .max_lr = 0.1, .min_lr = 0.2}); },
      "min_lr");
  expect_refused(
      [] {
        return make_schedule(
            {.kind = ScheduleKind::kCosine, .total_steps = 10, .warm_up = {.steps = 10}});
      },
      "warm_up");
  expect_refused([] { return make_schedule({.total_steps = 10, .warm_up = {.steps = 1}}); },
                 "warm_up");
  expect_refused(
      [] {
        return make_schedule({.kind = ScheduleKind::kStep, .milestones = {3, 2}});
      },
      "milestones");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kStep, .gamma = 0}); }, "gamma");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kPolynomial, .power = 0}); },
                 "power");
  expect_refused([] { return make_schedule({.kind = ScheduleKind::kConstant, .total_steps = -1}); },
                 "total_steps");
}

}  // namespace
}  // namespace ringmaster::optim
