#include "train/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/rates.h"

namespace ringmaster::train {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TrainOptions epochs(std::int64_t count) {
  TrainOptions options;
  options.epochs = count;
  return options;
}

TEST(Curves, AFinishedScheduleThatIsExtendedClimbsForAllToSee) {
  const auto before = schedule_of(epochs(2), 100), now = schedule_of(epochs(4), 100);
  const std::string text = curves_text({*before, 100}, {*now, 100}, 2);
  EXPECT_THAT(text, ContainsRegex(">  +2 +0.000000 +0.0[0-9]+\n"));
  EXPECT_THAT(text, ContainsRegex("   3 +ended +0.0[0-9]+\n"));
  EXPECT_THAT(text, ContainsRegex("   4 +ended +0.000000$"));
}

TEST(Curves, TheSameRatesAreNoNews) {
  const auto before = schedule_of(epochs(4), 100);
  EXPECT_EQ(curves_text({*before, 100}, {*before, 100}, 2), "");
}

// With half the batch an epoch has twice the steps, and the same rates.
TEST(Curves, AreComparedByEpoch) {
  TrainOptions options = epochs(3);
  options.schedule = "cosine";
  const auto before = schedule_of(options, 10), now = schedule_of(options, 20);
  const std::string text = curves_text({*before, 10}, {*now, 20}, 1);
  EXPECT_THAT(text, Not(HasSubstr("ended")));
}

TEST(Curves, LongRunsAreThinnedOut) {
  const auto before = schedule_of(epochs(90), 10), now = schedule_of(epochs(120), 10);
  const std::string text = curves_text({*before, 10}, {*now, 10}, 90);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 30);
  EXPECT_THAT(text, AllOf(HasSubstr(">         90"), ContainsRegex(" 120 +ended +0.000000$")));
}

TEST(Curves, OptionsOfARecordedRun) {
  const TrainOptions options =
      recorded_options("# a comment\nepochs = 7\nkey_of_another_version = 1\nmax_lr = 0.3\n", "a");
  EXPECT_EQ(options.epochs, 7);
  EXPECT_EQ(options.max_lr, 0.3);
}

}  // namespace
}  // namespace ringmaster::train
