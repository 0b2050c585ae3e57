#include "train/stop_flag.h"

#include <array>
#include <string_view>

#include <unistd.h>

#include "base/error.h"

namespace ringmaster::train {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

[[noreturn]] void leave_at_once(int signal) {
  constexpr std::string_view kText =
      "ringmaster: second signal: leaving now; steps since the last checkpoint are not saved\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(128 + signal);
}

}  // namespace

StopFlag::StopFlag() {
  sigemptyset(&watched_);
  for (const int signal : kSignals) sigaddset(&watched_, signal);
  if (const int problem = pthread_sigmask(SIG_BLOCK, &watched_, &before_); problem != 0) {
    throw io_error("pthread_sigmask", problem);
  }
  watcher_ = std::thread([this] { watch(); });
}

StopFlag::~StopFlag() {
  done_ = true;
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopFlag::watch() {
  const timespec patience{0, 100'000'000};  // how long the destructor may have to wait
  while (!done_) {
    const int signal = sigtimedwait(&watched_, nullptr, &patience);
    if (signal <= 0) continue;
    int none = 0;
    const bool first = signal_.compare_exchange_strong(none, signal);
    if (!first && (signal == SIGINT || signal == SIGTERM)) leave_at_once(signal);
  }
}

int exit_code_of_signal(int signal) {
  return signal == SIGINT || signal == SIGTERM ? 128 + signal : kExitRequeue;
}

const char* name_of_signal(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    default:
      return "signal";
  }
}

}  // namespace ringmaster::train
