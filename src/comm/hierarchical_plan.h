// The allreduce in three parts: reduce-scatter among the ranks of a host, rings across the hosts,
// all-gather among the ranks of a host. Only the rings cross the network, and each rank that takes
// part in one carries its own share. On one host nothing is left of the rings: every rank sums its
// part of everybody's data and all take it from there, in two steps whatever the number of ranks.
#pragma once

#include <string>

#include "comm/plan.h"

namespace ringmaster::comm {

// `hosts`: the host of each rank. Hosts may have different numbers of ranks: the data are cut into
// as many lanes as the smallest host has ranks, lane l is summed on each host by its l-th rank, and
// those form lane l's ring, in the order of the hosts' first ranks. Further ranks only give and
// take.
//
// Within a host lane l is summed from its owner on, upwards in local rank, modulo; across hosts as
// in ring_plan.h: the same bits in every run with the same hosts table.
[[nodiscard]] Plan hierarchical_plan(const std::vector<std::string>& hosts, int rank,
                                     std::int64_t count_elems, const Cut& cut);

}  // namespace ringmaster::comm
