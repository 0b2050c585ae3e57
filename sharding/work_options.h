// What every long command has in common: how many threads, what it shows, and how it is stopped.
#pragma once

#include <cstdint>
#include <string>

#include "sharding/commands.h"
#include "sharding/progress_line.h"
#include "sharding/stop_signals.h"

namespace ringmaster::sharding {

// 0 stands for one a core.
[[nodiscard]] int worker_count(std::int64_t asked);

// A progress line on `at.err` that stops at a signal. Both must outlive it.
[[nodiscard]] ProgressLine make_progress(const Surroundings& at, StopSignals& signals,
                                         const std::string& verb);

// By convention of shells: 130 for SIGINT, 143 for SIGTERM.
[[nodiscard]] int stopped_exit_code(StopSignals& signals);

}  // namespace ringmaster::sharding
