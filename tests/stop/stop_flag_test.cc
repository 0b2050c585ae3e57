#include "stop/stop_flag.h"

#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringmaster::stop {
namespace {

using ::testing::HasSubstr;

// Waits up to ten seconds.
Reason wait_for_request(const StopFlag& flag) {
  for (int i = 0; i < 1000 && flag.requested() == Reason::kNone; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return flag.requested();
}

StopFlagOptions quiet() {
  StopFlagOptions options;
  options.speaks = false;
  return options;
}

// How a child that runs `body` ended, and what it wrote to standard error.
struct Ended {
  int exit_code = -1;
  std::string said;
};

template <typename Body>
Ended run_child(Body body) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    body();
    std::this_thread::sleep_for(std::chrono::seconds(10));
    ::_exit(0);  // no signal has ended it
  }
  ::close(ends[1]);
  Ended ended;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    ended.said.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

// As a person does who sends a signal twice: the second does not count as the first.
void send_twice(StopFlag& flag, int first, int second) {
  ::kill(::getpid(), first);
  wait_for_request(flag);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(::getpid(), second);
}

StopFlagOptions impatient() {
  StopFlagOptions options;
  options.same_request = std::chrono::milliseconds(1);
  return options;
}

TEST(StopFlag, RemembersASignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    const StopFlag flag(quiet());
    EXPECT_EQ(flag.requested(), Reason::kNone);
    ASSERT_EQ(::kill(::getpid(), signal), 0);
    EXPECT_EQ(wait_for_request(flag), reason_of_signal(signal));
  }
}

TEST(StopFlag, TheSameRequestTwiceIsOne) {
  StopFlagOptions options = quiet();
  options.same_request = std::chrono::hours(1);
  const StopFlag flag(options);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    ASSERT_EQ(wait_for_request(flag), Reason::kTerm);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

TEST(StopFlag, ARepeatedRequeueSignalChangesNothing) {
  StopFlag flag(quiet());
  send_twice(flag, SIGUSR1, SIGUSR2);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(flag.requested(), Reason::kUsr1);
}

TEST(StopFlag, ASecondTermLeavesAtOnceAndSaysWhatIsLost) {
  const Ended ended = run_child([] {
    StopFlag flag(impatient());
    flag.note_saved(20);
    flag.note_step(23);
    send_twice(flag, SIGUSR1, SIGTERM);
    std::this_thread::sleep_for(std::chrono::seconds(10));
  });
  EXPECT_EQ(ended.exit_code, 128 + SIGTERM);
  EXPECT_THAT(ended.said, HasSubstr("SIGUSR1: saving"));
  EXPECT_THAT(ended.said, HasSubstr("second signal (SIGTERM)"));
  EXPECT_THAT(ended.said, HasSubstr("steps 21 to 23 are not saved"));
}

TEST(StopFlag, ASecondSignalSaysWhereNothingIsLost) {
  const Ended ended = run_child([] {
    StopFlag flag(impatient());
    flag.note_saved(23);
    flag.note_step(23);
    send_twice(flag, SIGINT, SIGINT);
    std::this_thread::sleep_for(std::chrono::seconds(10));
  });
  EXPECT_EQ(ended.exit_code, 128 + SIGINT);
  EXPECT_THAT(ended.said, HasSubstr("all 23 steps are saved"));
}

TEST(StopFlag, WhereNothingIsToBeSavedTheFirstSignalLeaves) {
  for (const auto& [signal, code] : {std::pair{SIGTERM, 143}, {SIGINT, 130}, {SIGUSR1, 75}}) {
    const Ended ended = run_child([signal = signal] {
      StopFlagOptions options;
      options.hold = false;
      const StopFlag flag(options);
      ::kill(::getpid(), signal);
      std::this_thread::sleep_for(std::chrono::seconds(10));
    });
    EXPECT_EQ(ended.exit_code, code);
  }
}

TEST(StopFlag, TheHighestPrecedenceWins) {
  StopFlag flag(quiet());
  flag.request(Reason::kUsr1);
  flag.request(Reason::kTerm);
  flag.request(Reason::kSpotNotice);
  EXPECT_EQ(flag.requested(), Reason::kTerm);
  EXPECT_EQ(flag.take(), Reason::kTerm);
  EXPECT_EQ(flag.take(), Reason::kTerm) << "what leaves is not taken back";
}

TEST(StopFlag, ARebalanceRecommendationIsTakenOnce) {
  StopFlag flag(quiet());
  flag.request(Reason::kRebalance);
  EXPECT_EQ(flag.requested(), Reason::kNone) << "it does not leave";
  EXPECT_EQ(flag.take(), Reason::kRebalance);
  EXPECT_EQ(flag.take(), Reason::kNone);
  flag.request(Reason::kRebalance);
  flag.request(Reason::kSpotNotice);
  EXPECT_EQ(flag.take(), Reason::kSpotNotice) << "leaving saves as well";
}

TEST(StopFlag, RequestsTheTimeLimitWhenItIsTime) {
  StopFlag flag(quiet());
  flag.request_at(std::chrono::system_clock::now() + std::chrono::hours(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(flag.requested(), Reason::kNone);
  flag.request_at(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(wait_for_request(flag), Reason::kTimeLimit);
}

TEST(StopFlag, ATimeLimitInThePastIsRequestedAtOnce) {
  StopFlag flag(quiet());
  flag.request_at(std::chrono::system_clock::now());
  EXPECT_EQ(flag.requested(), Reason::kTimeLimit);
}

TEST(Reason, ExitCodes) {
  EXPECT_EQ(exit_code_of(Reason::kInt), 130);
  EXPECT_EQ(exit_code_of(Reason::kTerm), 143);
  for (const Reason reason :
       {Reason::kUsr1, Reason::kUsr2, Reason::kSpotNotice, Reason::kTimeLimit}) {
    EXPECT_TRUE(leaves(reason));
    EXPECT_EQ(exit_code_of(reason), 75);
  }
  EXPECT_FALSE(leaves(Reason::kNone));
  EXPECT_FALSE(leaves(Reason::kRebalance));
}

}  // namespace
}  // namespace ringmaster::stop
