#include "fleet/watchdog.h"

#include <csignal>
#include <utility>

#include <pthread.h>

namespace ringmaster::fleet {

Watchdog::Watchdog(std::chrono::duration<double> seconds, std::function<void()> on_expiry) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);  // the thread inherits it
  thread_ = std::thread([this, seconds, on_expiry = std::move(on_expiry)] {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, seconds, [this] { return is_over_; })) on_expiry();
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

}  // namespace ringmaster::fleet
