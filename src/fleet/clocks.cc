#include "fleet/clocks.h"

#include <chrono>
#include <string>

#include "base/median.h"

namespace ringmaster::fleet {
namespace {

constexpr std::size_t kRounds = 5;

}  // namespace

std::int64_t wall_clock_ns() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::vector<double> clock_offsets(comm::ControlPlane& control, const WallClock& clock,
                                  Deadline deadline) {
  const auto ranks = static_cast<std::size_t>(control.world().size);
  std::vector<std::vector<double>> seen(ranks);
  for (std::size_t round = 0; round < kRounds; ++round) {
    control.barrier(deadline);
    const std::vector<std::string> all = control.all_gather(std::to_string(clock()), deadline);
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const std::int64_t ahead_ns = std::stoll(all[rank]) - std::stoll(all[0]);
      seen[rank].push_back(static_cast<double>(ahead_ns) * 1e-9);
    }
  }
  std::vector<double> offsets;
  for (std::vector<double>& of_rank : seen) offsets.push_back(median(of_rank));
  return offsets;
}

}  // namespace ringmaster::fleet
