#include "train/stop_flag.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringmaster::train {
namespace {

// Waits up to ten seconds.
int wait_for_request(const StopFlag& flag) {
  for (int i = 0; i < 1000 && flag.requested() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return flag.requested();
}

TEST(StopFlag, RemembersTheFirstSignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    const StopFlag flag;
    EXPECT_EQ(flag.requested(), 0);
    ASSERT_EQ(::kill(::getpid(), signal), 0);
    EXPECT_EQ(wait_for_request(flag), signal);
  }
}

TEST(StopFlag, ASecondRequeueSignalIsIgnored) {
  const StopFlag flag;
  ASSERT_EQ(::kill(::getpid(), SIGUSR2), 0);
  ASSERT_EQ(wait_for_request(flag), SIGUSR2);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(flag.requested(), SIGUSR2);
}

TEST(StopFlag, ASecondTermLeavesAtOnce) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const StopFlag flag;
    ::kill(::getpid(), SIGTERM);
    wait_for_request(flag);
    ::kill(::getpid(), SIGTERM);
    std::this_thread::sleep_for(std::chrono::seconds(10));
    ::_exit(0);  // the second signal did not end it
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

TEST(StopFlag, ExitCodes) {
  EXPECT_EQ(exit_code_of_signal(SIGINT), 130);
  EXPECT_EQ(exit_code_of_signal(SIGTERM), 143);
  EXPECT_EQ(exit_code_of_signal(SIGUSR1), 75);
  EXPECT_EQ(exit_code_of_signal(SIGUSR2), 75);
}

}  // namespace
}  // namespace ringmaster::train
