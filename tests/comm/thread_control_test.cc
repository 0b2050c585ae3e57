#include "comm/thread_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/comm/threads.h"

namespace ringmaster::comm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::run_ranks;

Deadline soon() {
  return Deadline::after(std::chrono::seconds(30));
}

TEST(ThreadControl, WorldSaysWhoIsWhere) {
  const World world = make_world({"a", "b", "a", "b", "b"}, 3);
  EXPECT_EQ(world.size, 5);
  EXPECT_EQ(world.local_rank, 1);
  EXPECT_EQ(world.local_size, 3);
  EXPECT_EQ(world.host(), "b");
  EXPECT_EQ(world.name(2), "rank 2 on a");
}

TEST(ThreadControl, CollectivesGiveTheSameEverywhere) {
  run_ranks(5, [](ControlPlane& control) {
    const int rank = control.world().rank;
    for (int round = 0; round < 100; ++round) {
      const std::string mine = std::string(static_cast<std::size_t>(rank * round), 'x');
      const auto all = control.all_gather(mine, soon());
      ASSERT_EQ(all.size(), 5u);
      for (std::size_t other = 0; other < all.size(); ++other) {
        ASSERT_EQ(all[other].size(), other * static_cast<std::size_t>(round));
      }
      ASSERT_EQ(control.broadcast("from " + std::to_string(rank), round % 5, soon()),
                "from " + std::to_string(round % 5));
      std::vector<std::int64_t> counts{rank, -rank, round};
      control.all_sum(counts, soon());
      ASSERT_THAT(counts, ElementsAre(10, -10, 5 * round));
      std::vector<std::int64_t> most{rank, -rank};
      control.all_max(most, soon());
      ASSERT_THAT(most, ElementsAre(4, 0));
      control.barrier(soon());
    }
  });
}

TEST(ThreadControl, DoublesAreAddedInRankOrder) {
  const std::vector<double> inputs = {1e16, 1.0, -1e16, 1.0};
  double expected = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) expected += inputs[i];
  run_ranks(4, [&](ControlPlane& control) {
    std::vector<double> value{inputs[static_cast<std::size_t>(control.world().rank)]};
    control.all_sum(value, soon());
    ASSERT_EQ(value[0], expected);
  });
}

TEST(ThreadControl, OneRankIsAWorld) {
  const auto control = make_single_control();
  EXPECT_EQ(control->world().size, 1);
  EXPECT_EQ(control->world().host(), this_host());
  EXPECT_EQ(control->broadcast("x", 0, soon()), "x");
}

// What `call` throws; fails where it throws nothing.
Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::kInternal, "");
}

TEST(ThreadControl, ARankThatDoesNotComeIsNamed) {
  auto controls = make_thread_controls({"a", "b"});
  const Error error =
      error_of([&] { controls[0]->barrier(Deadline::after(std::chrono::milliseconds(20))); });
  EXPECT_EQ(error.kind(), ErrorKind::kTimeout);
  EXPECT_THAT(error.what(), HasSubstr("rank 1 on b"));
  EXPECT_EQ(error_of([&] { controls[1]->barrier(soon()); }).kind(), ErrorKind::kTimeout);
}

TEST(ThreadControl, ARankThatLeavesIsLost) {
  auto controls = make_thread_controls({"a", "b", "c"});
  controls[2].reset();
  std::thread other([&] { error_of([&] { controls[1]->barrier(soon()); }); });
  const Error error = error_of([&] { controls[0]->barrier(soon()); });
  other.join();
  EXPECT_EQ(error.kind(), ErrorKind::kPeerLost);
  EXPECT_THAT(error.what(), HasSubstr("rank 2 on c"));
}

TEST(ThreadControl, DifferentLengthsAreABugOnEveryRank) {
  auto controls = make_thread_controls(2);
  std::vector<std::int64_t> one(1), two(2);
  std::thread other([&] {
    EXPECT_EQ(error_of([&] { controls[1]->all_sum(two, soon()); }).kind(), ErrorKind::kInternal);
  });
  EXPECT_EQ(error_of([&] { controls[0]->all_sum(one, soon()); }).kind(), ErrorKind::kInternal);
  other.join();
}

}  // namespace
}  // namespace ringmaster::comm
