#include "stop/spot_watch.h"

#include <chrono>

#include "base/check.h"

namespace ringmaster::stop {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string checked(const std::string& endpoint) {
  RM_REQUIRE(endpoint.starts_with("http://") && !endpoint.ends_with("/"),
             ErrorKind::kInvalidArgument, "imds_endpoint = ", endpoint,
             ": it must be http://ADDRESS or http://ADDRESS:PORT");
  return endpoint;
}

}  // namespace

SpotWatch::SpotWatch(const SpotOptions& options, std::unique_ptr<HttpClient> http, StopFlag& stop,
                     Logger& log)
    : http_(std::move(http)),
      poller_(*http_, checked(options.endpoint), options.interval_s, &steady_seconds),
      stop_(stop),
      log_(log),
      thread_([this] { watch(); }) {}

SpotWatch::~SpotWatch() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SpotWatch::watch() {
  while (true) {
    const PollResult result = poller_.poll();
    tell(result);
    stop_.request(result.reason);
    if (result.reason == Reason::kSpotNotice) return;
    std::unique_lock lock(mutex_);
    const auto pause = std::chrono::duration<double>(poller_.wait_s());
    if (wake_.wait_for(lock, pause, [this] { return done_; })) return;
  }
}

void SpotWatch::tell(const PollResult& result) {
  const bool fails = !result.problem.empty();
  if (fails && !failing_) {
    log_.warn("EC2 notices can't be read (training goes on, and they are asked for again): ",
              result.problem);
  }
  if (!fails && failing_) log_.info("EC2 notices can be read again");
  failing_ = fails;
  if (result.reason == Reason::kNone) return;
  log_.warn("EC2 ", name_of(result.reason), ": ", result.detail);
}

}  // namespace ringmaster::stop
