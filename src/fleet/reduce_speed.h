// How fast these ranks sum: one number for the whole job.
#pragma once

#include "base/deadline.h"
#include "comm/control.h"
#include "comm/engine.h"

namespace ringmaster::fleet {

struct ReduceSpeed {
  double busbw_gbs = 0;  // 10^9 bytes a second, as nccl-tests counts them; 0: one rank
  std::size_t size_bytes = 0;
};

// Collective; the slowest rank's, the same on every rank. Up to the whole arena, or as much as
// takes a quarter of a second.
[[nodiscard]] ReduceSpeed measure_reduction(comm::ControlPlane& control, comm::Engine& engine,
                                            Deadline deadline);

}  // namespace ringmaster::fleet
