#include "app/stuck_guard.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "app/exit_record.h"
#include "base/check.h"

namespace ringmaster::app {

StuckGuard::StuckGuard(std::chrono::duration<double> limit, std::string what, int exit_code)
    : limit_(limit), what_(std::move(what)), exit_code_(exit_code), watcher_([this] { watch(); }) {}

StuckGuard::~StuckGuard() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  watcher_.join();
}

void StuckGuard::watch() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, limit_, [this] { return done_; })) return;
  std::cerr << join_text("ringmaster: rank ", launched_rank(), ": ", what_, " took more than ",
                         limit_.count(),
                         " s: another rank or the launcher stands still or is lost; leaving\n")
            << std::flush;
  std::_Exit(record_exit_code(exit_code_));
}

}  // namespace ringmaster::app
