#include "fleet/reduce_speed.h"

#include <algorithm>
#include <chrono>

namespace ringmaster::fleet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kFirstElems = 1 << 16;
constexpr double kWantedSeconds = 0.25;
constexpr int kRepeats = 3;

// The best of several, of the slowest rank.
double seconds_for(comm::ControlPlane& control, comm::Engine& engine, std::int64_t count_elems,
                   Deadline deadline) {
  std::int64_t best_ns = std::chrono::nanoseconds(std::chrono::hours(1)).count();
  for (int i = 0; i < kRepeats; ++i) {
    control.barrier(deadline);
    const auto start = Clock::now();
    engine.start({0, 0, count_elems, 1.0}, nullptr);
    engine.finish(nullptr, deadline);
    std::int64_t ns = std::chrono::nanoseconds(Clock::now() - start).count();
    control.all_max({&ns, 1}, deadline);
    best_ns = std::min(best_ns, ns);
  }
  return static_cast<double>(best_ns) * 1e-9;
}

}  // namespace

ReduceSpeed measure_reduction(comm::ControlPlane& control, comm::Engine& engine,
                              Deadline deadline) {
  const int n = control.world().size;
  if (n < 2) return {};
  const std::int64_t first = std::min(kFirstElems, engine.capacity_elems());
  const double first_s = seconds_for(control, engine, first, deadline);
  // The estimate is the same on every rank, so is the count.
  const double wanted = static_cast<double>(first) * kWantedSeconds / kRepeats / first_s;
  const auto count = static_cast<std::int64_t>(
      std::clamp(wanted, static_cast<double>(first), static_cast<double>(engine.capacity_elems())));
  const double seconds = seconds_for(control, engine, count, deadline);
  const std::size_t bytes = static_cast<std::size_t>(count) * size_bytes(engine.dtype());
  return {2.0 * (n - 1) / n * static_cast<double>(bytes) / seconds * 1e-9, bytes};
}

}  // namespace ringmaster::fleet
