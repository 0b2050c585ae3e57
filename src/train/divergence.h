// Whether all ranks still hold the same model: asked every so many steps where a run wants to know.
#pragma once

#include <cstdint>
#include <string>

#include "comm/control.h"

namespace ringmaster::train {

// Collective. `hash`: of everything that has to be equal on all ranks after `step` steps.
// Error{kInternal} on every rank where it is not: names the ranks that differ from most others (in
// a tie, from rank 0), with their hosts.
void check_equal(comm::ControlPlane& control, const std::string& hash, std::int64_t step,
                 Deadline deadline);

}  // namespace ringmaster::train
