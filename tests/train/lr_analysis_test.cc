#include "train/lr_analysis.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::train {
namespace {

using ::testing::HasSubstr;

constexpr double kGuessing = 2.302585;  // ln 10
constexpr double kMemory = 0.9;

// 200 rates from 1e-5 to `end`: the loss falls around 1e-2 and blows up around `blow_up`.
LrCurve valley(double end, double blow_up, double depth) {
  LrCurve curve;
  for (int i = 0; i < 200; ++i) {
    const double lr = 1e-5 * std::pow(end / 1e-5, i / 199.0);
    const double fall = depth / (1 + std::exp(-3 * std::log(lr / 1e-2)));
    curve.lr.push_back(lr);
    curve.loss.push_back(2.35 - fall + std::pow(lr / blow_up, 2) + 0.01 * std::sin(7.0 * i));
  }
  return curve;
}

TEST(Analyse, ReadsAValley) {
  const LrSuggestion found = analyse(valley(10, 1, 1.2), kGuessing, kMemory);
  EXPECT_EQ(found.verdict, LrVerdict::kGood) << found.explanation;
  EXPECT_GT(found.min_loss_lr, 0.03);
  EXPECT_LT(found.min_loss_lr, 1);
  EXPECT_DOUBLE_EQ(found.suggested_max_lr, found.min_loss_lr / 10);
  EXPECT_GT(found.steepest_lr, 3e-3);
  EXPECT_LT(found.steepest_lr, 5e-2);
}

TEST(Analyse, SaysNoSignalWhereGuessingIsAsGood) {
  const LrSuggestion found = analyse(valley(10, 1, 0.05), kGuessing, kMemory);
  EXPECT_EQ(found.verdict, LrVerdict::kNoSignal);
  EXPECT_EQ(found.suggested_max_lr, 0);
  EXPECT_EQ(found.steepest_lr, 0);
  EXPECT_THAT(found.explanation, HasSubstr("nothing was learned"));
}

TEST(Analyse, NoisyLuckIsNoSignal) {
  LrCurve curve;
  for (int i = 0; i < 100; ++i) {
    curve.lr.push_back(1e-4 * std::pow(1.1, i));
    curve.loss.push_back(2.3 + 0.4 * std::sin(1.7 * i));
  }
  EXPECT_EQ(analyse(curve, kGuessing, kMemory).verdict, LrVerdict::kNoSignal);
}

TEST(Analyse, SaysWhereTheRangeEndsTooEarly) {
  const LrSuggestion found = analyse(valley(2e-2, 1, 1.2), kGuessing, kMemory);
  EXPECT_EQ(found.verdict, LrVerdict::kRangeTooShort);
  EXPECT_THAT(found.explanation, HasSubstr("end_lr"));
}

TEST(Analyse, WhatFollowsNaNDoesNotCount) {
  LrCurve curve = valley(10, 1, 1.2);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  curve.loss[185] = nan;
  curve.loss[190] = 0;
  const LrSuggestion found = analyse(curve, kGuessing, kMemory);
  EXPECT_EQ(found.verdict, LrVerdict::kGood);
  EXPECT_LT(found.min_loss_lr, curve.lr[185]);
  curve.loss[0] = nan;
  EXPECT_EQ(analyse(curve, kGuessing, kMemory).verdict, LrVerdict::kStartTooHigh);
}

TEST(Smooth, IsCorrectedForItsStart) {
  EXPECT_THAT(smooth({3, 3, 3}, 0.98), ::testing::Each(::testing::DoubleNear(3, 1e-12)));
  EXPECT_NEAR(smooth({1, 2}, 0.5).back(), (0.25 * 1 + 0.5 * 2) / 0.75, 1e-12);
}

TEST(HasDiverged, AtFourTimesTheLowestOrNaN) {
  EXPECT_FALSE(has_diverged({}));
  EXPECT_FALSE(has_diverged({1, 3.9}));
  EXPECT_TRUE(has_diverged({1, 4.1}));
  EXPECT_TRUE(has_diverged({1, std::numeric_limits<double>::quiet_NaN()}));
}

TEST(GuessingLoss, IsTheEntropyOfTheShares) {
  EXPECT_NEAR(guessing_loss({5, 5, 5, 5}, 0), std::log(4), 1e-12);
  EXPECT_NEAR(guessing_loss({5, 5, 5, 5}, 0.1), std::log(4), 1e-12);
  EXPECT_NEAR(guessing_loss({3, 1}, 0), -(0.75 * std::log(0.75) + 0.25 * std::log(0.25)), 1e-12);
  EXPECT_NEAR(guessing_loss({4, 0}, 0), 0, 1e-12);
}

}  // namespace
}  // namespace ringmaster::train
