// Ends a process that should have ended by itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ringmaster::fleet {

// Calls `on_expiry` from a thread of its own unless it is destroyed within `seconds`; for waits
// that take no deadline (the start of MPI, a file system that does not answer). `on_expiry` should
// not return. The thread takes no signal, so it may be started before a StopFlag.
class Watchdog {
 public:
  Watchdog(std::chrono::duration<double> seconds, std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace ringmaster::fleet
