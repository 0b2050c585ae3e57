// Agreed once at the start, instead of found out by a hang: what must be equal on every rank.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "comm/control.h"

namespace ringmaster::train {

// Name and value of everything that must be the same on all ranks: bucket plan, configuration, data
// set, weights.
using Facts = std::vector<std::pair<std::string, std::string>>;

// Collective. Error{kInvalidArgument} on every rank where any fact differs: names the fact, the
// first rank that differs from rank 0, its host, and both values.
void agree(comm::ControlPlane& control, const Facts& facts, Deadline deadline);

}  // namespace ringmaster::train
