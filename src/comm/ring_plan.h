// The ring allreduce (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
// workstations", JPDC 2009): n - 1 steps of reduce-scatter, then n - 1 of all-gather, each rank
// sending to the next one only. docs/RING.md derives its cost.
#pragma once

#include <span>

#include "comm/plan.h"

namespace ringmaster::comm {

// Step s of reduce-scatter (0 <= s < n - 1): position r sends chunk r - s to r + 1 and adds chunk
// r - s - 1 from r - 1, everything modulo n; the addition of step n - 2 is the last and scales.
// Step n - 1 + s of all-gather: r sends chunk r + 1 - s and copies chunk r - s. A segment is sent
// on as soon as it is received.
//
// So chunk c is summed in the order c, c + 1, ..., c + n - 1 of positions: the same bits in every
// run.
//
// `ring`: the ranks in ring order; `position`: mine in it. For a ring of one the plan is empty: the
// caller scales. `elements`: the part of the reduction that this ring sums. Steps count from
// `first_step`; actions are appended to `plan`.
void append_ring(std::span<const int> ring, int position, Range elements, const Cut& cut,
                 int first_step, Plan& plan);

// All of a reduction over ranks 0 .. ranks - 1.
[[nodiscard]] Plan ring_plan(int ranks, int rank, std::int64_t count_elems, const Cut& cut);

}  // namespace ringmaster::comm
