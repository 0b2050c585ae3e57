// Measures the links between hosts, two hosts at a time.
#pragma once

#include <vector>

#include "base/deadline.h"
#include "comm/control.h"
#include "comm/mpi_control.h"
#include "fleet/pairing.h"

namespace ringmaster::fleet {

// Rank 0 of every host, in the order of the ranks: what a Link's numbers stand for.
[[nodiscard]] std::vector<int> host_leaders(const comm::World& world);

// Collective; the same on every rank. The leaders of each pair send each other up to 32 MiB at once
// over MPI, all pairs of a round at the same time, for at most `rounds` rounds of the tournament;
// about a second on links of 10 Mbit/s, a tenth of that on fast ones. Error{kTimeout} names the
// rank that did not answer by `deadline`; `mpi` is then marked as broken.
[[nodiscard]] std::vector<Link> measure_links(comm::ControlPlane& control, comm::MpiSession& mpi,
                                              int rounds, Deadline deadline);

}  // namespace ringmaster::fleet
