#include "train/divergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/comm/threads.h"

namespace ringmaster::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What every rank is told where their hashes are `hashes`; empty where nothing is thrown.
std::vector<std::string> outcome(const std::vector<std::string>& hashes) {
  std::vector<std::string> messages(hashes.size());
  testing::run_ranks(static_cast<int>(hashes.size()), [&](comm::ControlPlane& control) {
    const auto rank = static_cast<std::size_t>(control.world().rank);
    try {
      check_equal(control, hashes[rank], 40, Deadline::after(std::chrono::seconds(20)));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInternal);
      messages[rank] = error.what();
    }
  });
  return messages;
}

TEST(CheckEqual, EqualIsFine) {
  EXPECT_EQ(outcome({"a", "a", "a"}), std::vector<std::string>(3));
}

TEST(CheckEqual, NamesTheOddOneOutOnEveryRank) {
  for (const std::string& message : outcome({"b", "a", "a", "a"})) {
    EXPECT_THAT(message, AllOf(HasSubstr("after step 40"), HasSubstr("rank 0 on"),
                               Not(HasSubstr("rank 1"))));
  }
}

TEST(CheckEqual, InATieRankZeroIsRight) {
  EXPECT_THAT(outcome({"a", "b"})[0], AllOf(HasSubstr("rank 1 on"), Not(HasSubstr("rank 0"))));
}

}  // namespace
}  // namespace ringmaster::train
