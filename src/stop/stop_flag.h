// What asks this process to stop: signals, taken by a thread of their own so that no step has to be
// safe against them, the time limit of the allocation, and what other threads request.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <thread>

#include "stop/reason.h"

namespace ringmaster::stop {

struct StopFlagOptions {
  // False for work that has nothing to save: the first signal then ends the process.
  bool hold = true;
  bool speaks = true;  // on standard error; one rank of a run should
  // The same request reaches a rank by more than one way (from a launcher and by its process
  // group): what comes within this time of the first signal is taken for it.
  std::chrono::milliseconds same_request{1000};
};

// SIGINT, SIGTERM, SIGUSR1 and SIGUSR2 are remembered for the work to ask for at a point that suits
// it. A second SIGINT or SIGTERM ends the process at once with 128 + its number, and says on
// standard error what is not saved; a second SIGUSR1 or SIGUSR2 changes nothing, for "save and
// requeue" is asked by several parties that don't know of each other.
//
// REQUIRES: made before any other thread of the process is started (it blocks the signals in the
// calling thread, and threads inherit that), and only one at a time.
class StopFlag {
 public:
  explicit StopFlag(const StopFlagOptions& options = {});
  ~StopFlag();  // unblocks the signals again
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  // What follows may be called by any thread.

  // What was requested that leaves, the one of the highest precedence; kNone so far.
  [[nodiscard]] Reason requested() const { return static_cast<Reason>(reason_.load()); }
  // The same; where there is none, kRebalance if that was requested since the last call.
  [[nodiscard]] Reason take();
  void request(Reason reason);
  // Requests kTimeLimit once the clock shows `at`, now if it does already; the last call counts.
  void request_at(std::chrono::system_clock::time_point at);

  // For the message of a second signal: the steps done, and the steps of the newest complete save.
  void note_step(std::int64_t step) { step_ = step; }
  void note_saved(std::int64_t step) { saved_ = step; }

 private:
  using Clock = std::chrono::steady_clock;

  void watch();
  void request_if_due();
  void take_signal(int signal);
  [[noreturn]] void leave_at_once(int signal) const;

  const StopFlagOptions options_;
  sigset_t watched_{}, before_{};
  std::atomic<int> reason_{0};
  std::atomic<bool> save_asked_{false};
  std::atomic<std::chrono::system_clock::time_point> time_limit_{
      std::chrono::system_clock::time_point::max()};
  std::atomic<std::int64_t> step_{-1}, saved_{-1};  // -1: not known
  std::optional<Clock::time_point> first_signal_;   // the watcher's
  std::atomic<bool> done_{false};
  std::thread watcher_;
};

}  // namespace ringmaster::stop
