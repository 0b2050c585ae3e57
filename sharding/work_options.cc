#include "sharding/work_options.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace ringmaster::sharding {

int worker_count(std::int64_t asked) {
  if (asked > 0) return static_cast<int>(asked);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

ProgressLine make_progress(const Surroundings& at, StopSignals& signals, const std::string& verb) {
  const auto seconds = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
  };
  return ProgressLine(
      at.err, {.verb = verb, .terminal = at.terminal, .seconds = seconds, .stop_requested = [&] {
                 return signals.received() != 0;
               }});
}

int stopped_exit_code(StopSignals& signals) {
  return 128 + signals.received();
}

}  // namespace ringmaster::sharding
