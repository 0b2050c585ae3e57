// Ends this process where it would wait for other ranks for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace ringmaster::app {

// For calls that wait for every rank and take no deadline: MPI's start and end, and its abort. A
// rank that is stopped, or whose launcher is gone, must not keep the others there.
//
// Where it isn't destroyed within `limit` it says so on standard error (`what` is the sentence's
// subject: "MPI's start") and the process leaves at once with `exit_code`, without cleaning up, for
// that would wait as well; the launcher then ends the other ranks.
class StuckGuard {
 public:
  StuckGuard(std::chrono::duration<double> limit, std::string what, int exit_code);
  ~StuckGuard();
  StuckGuard(const StuckGuard&) = delete;
  StuckGuard& operator=(const StuckGuard&) = delete;

 private:
  void watch();

  const std::chrono::duration<double> limit_;
  const std::string what_;
  const int exit_code_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread watcher_;
};

}  // namespace ringmaster::app
