// Signals that ask a run to stop, taken by a thread of their own so that no step has to be safe
// against them.
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

namespace ringmaster::train {

// SIGINT, SIGTERM, SIGUSR1, SIGUSR2. The first one is remembered; a second one of INT or TERM ends
// the process at once with 128 + its number, saying on standard error that the work since the last
// checkpoint is lost.
//
// REQUIRES: made before any other thread of the process is started (it blocks the signals in the
// calling thread, and threads inherit that), and only one at a time.
class StopFlag {
 public:
  StopFlag();
  ~StopFlag();  // unblocks the signals again
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  // The number of the first signal that came, or 0. Any thread.
  [[nodiscard]] int requested() const { return signal_.load(std::memory_order_relaxed); }

 private:
  void watch();

  sigset_t watched_{}, before_{};
  std::atomic<int> signal_{0};
  std::atomic<bool> done_{false};
  std::thread watcher_;
};

// What a run ends with once it has saved: 130 and 143 for INT and TERM (stay stopped), 75 for the
// others (requeue me).
[[nodiscard]] int exit_code_of_signal(int signal);
[[nodiscard]] const char* name_of_signal(int signal);

}  // namespace ringmaster::train
