// How far apart the hosts' wall clocks are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "comm/control.h"

namespace ringmaster::fleet {

using WallClock = std::function<std::int64_t()>;  // nanoseconds since 1970
[[nodiscard]] std::int64_t wall_clock_ns();

// Collective. By rank: seconds by which its clock is ahead of rank 0's. Read right after a barrier,
// median of several: off by what ranks leave a barrier apart, milliseconds where ranks have a
// processor.
[[nodiscard]] std::vector<double> clock_offsets(comm::ControlPlane& control, const WallClock& clock,
                                                Deadline deadline);

}  // namespace ringmaster::fleet
