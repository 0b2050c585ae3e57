#include "train/same_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class SameRunTest : public ::testing::Test {
 protected:
  SameRunTest() { snapshot_.texts = identity_texts(before_); }

  std::string refusal(const RunIdentity& now, const std::vector<std::string>& allowed) {
    try {
      (void)require_same_run(snapshot_, "a.pt", now, allowed);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "no error";
  }

  const RunIdentity before_{"model = resnet18\nmax_lr = 0.1\nlog_steps = 10\n", "aaaa"};
  const RunIdentity after_{"model = resnet18\nmax_lr = 0.2\nlog_steps = 5\n", "bbbb"};
  ckpt::Snapshot snapshot_;
};

TEST_F(SameRunTest, TheSameAndWhatMayChangeFreely) {
  EXPECT_THAT(require_same_run(snapshot_, "a.pt", before_, {}), ElementsAre());
  EXPECT_THAT(require_same_run(snapshot_, "a.pt", before_, {"max_lr"}), ElementsAre());
  const RunIdentity logs_more{"model = resnet18\nmax_lr = 0.1\nlog_steps = 1\n", "aaaa"};
  EXPECT_THAT(require_same_run(snapshot_, "a.pt", logs_more, {}), ElementsAre());
}

TEST_F(SameRunTest, EachDifferenceIsNamedWithBothValues) {
  EXPECT_THAT(
      refusal(after_, {}),
      AllOf(HasSubstr("a.pt"), HasSubstr("max_lr: 0.1 -> 0.2"), HasSubstr("data: aaaa -> bbbb"),
            HasSubstr("--allow_change max_lr"), Not(HasSubstr("log_steps"))));
}

TEST_F(SameRunTest, DifferencesAreAllowedKeyByKey) {
  EXPECT_THAT(refusal(after_, {"max_lr"}),
              AllOf(HasSubstr("data: aaaa -> bbbb"), Not(HasSubstr("0.2"))));
  EXPECT_THAT(require_same_run(snapshot_, "a.pt", after_, {"data", "max_lr"}),
              ElementsAre("max_lr: 0.1 -> 0.2", "data: aaaa -> bbbb"));
}

// What gradients are rounded to decides every weight.
TEST_F(SameRunTest, AnotherWireIsAnotherRun) {
  const std::string config = before_.config + "wire = fp32\n";
  snapshot_.texts = identity_texts({config, "aaaa"});
  EXPECT_THAT(refusal({before_.config + "wire = bf16\n", "aaaa"}, {}),
              HasSubstr("wire: fp32 -> bf16"));
}

TEST_F(SameRunTest, AMisspeltKeyIsAnErrorThatNamesTheNearest) {
  EXPECT_THAT(refusal(before_, {"max_lrr"}), AllOf(HasSubstr("max_lrr"), HasSubstr("'max_lr'?")));
}

TEST_F(SameRunTest, AnotherGeneratorIsAnotherRun) {
  snapshot_.texts["random"] = "dice";
  EXPECT_THAT(refusal(before_, {}), HasSubstr("random: dice -> philox"));
}

TEST_F(SameRunTest, WhatRecordsNoConfigurationCannotGoOn) {
  snapshot_.texts.erase("config");
  EXPECT_THAT(refusal(before_, {}), HasSubstr("--init"));
}

}  // namespace
}  // namespace ringmaster::train
