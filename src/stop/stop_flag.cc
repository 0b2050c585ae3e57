#include "stop/stop_flag.h"

#include <array>
#include <string>

#include <unistd.h>

#include "base/check.h"

namespace ringmaster::stop {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

void say(const std::string& text) {
  const std::string line = "ringmaster: " + text + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::string what_is_lost(std::int64_t step, std::int64_t saved) {
  if (step < 0) return "nothing was under way that could be saved";
  if (saved < 0) return join_text("the ", step, " steps done are not known to be saved");
  if (saved >= step) return join_text("all ", step, " steps are saved");
  return join_text("steps ", saved + 1, " to ", step, " are not saved");
}

}  // namespace

StopFlag::StopFlag(const StopFlagOptions& options) : options_(options) {
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

Reason StopFlag::take() {
  const Reason reason = requested();
  if (reason == Reason::kNone && save_asked_.exchange(false)) return Reason::kRebalance;
  return reason;
}

void StopFlag::request(Reason reason) {
  if (reason == Reason::kRebalance) save_asked_ = true;
  if (!leaves(reason)) return;
  const int wanted = static_cast<int>(reason);
  int present = reason_;
  while (present < wanted && !reason_.compare_exchange_weak(present, wanted)) {
  }
}

void StopFlag::request_at(std::chrono::system_clock::time_point at) {
  time_limit_ = at;
  request_if_due();
}

void StopFlag::watch() {
  const timespec patience{0, 100'000'000};  // how long the destructor may have to wait
  while (!done_) {
    const int signal = sigtimedwait(&watched_, nullptr, &patience);
    if (signal > 0) take_signal(signal);
    request_if_due();
  }
}

void StopFlag::request_if_due() {
  if (std::chrono::system_clock::now() >= time_limit_.load()) request(Reason::kTimeLimit);
}

void StopFlag::take_signal(int signal) {
  const Clock::time_point now = Clock::now();
  const bool second = first_signal_ && now - *first_signal_ >= options_.same_request;
  const bool insists = second && (signal == SIGINT || signal == SIGTERM);
  if (!options_.hold || insists) leave_at_once(signal);
  if (!first_signal_ && options_.speaks) {
    say(join_text(name_of(reason_of_signal(signal)),
                  ": saving at the end of this step, then leaving; SIGINT or SIGTERM once more "
                  "leaves at once, without saving"));
  }
  if (!first_signal_) first_signal_ = now;
  request(reason_of_signal(signal));
}

void StopFlag::leave_at_once(int signal) const {
  if (options_.hold && options_.speaks) {
    say(join_text("second signal (", name_of(reason_of_signal(signal)), "): leaving now; ",
                  what_is_lost(step_, saved_)));
  }
  const Reason reason = reason_of_signal(signal);
  ::_exit(options_.hold ? 128 + signal : exit_code_of(reason));
}

}  // namespace ringmaster::stop
