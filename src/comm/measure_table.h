// Measures who is fastest at which size, on the very arena and wires that the run will use.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "comm/allreduce_table.h"
#include "comm/control.h"
#include "comm/dtype.h"
#include "comm/engine.h"
#include "comm/waiting.h"

namespace ringmaster::comm {

struct MeasureOptions {
  DType dtype = DType::kFloat32;
  std::int64_t capacity_elems = 0;  // of the arena; the largest size measured
  // When no further size is begun: where one reduction takes long, the largest sizes go by the
  // choice for the largest measured one.
  double budget_s = 1.5;
  double deadline_s = 300;  // of a wait
};

// Reduces the first elements of the arena, and returns when the arena is this rank's alone again.
using TimedReduction = std::function<void(const Reduction&, const Patience&)>;
using TimedReductions = std::map<std::string, TimedReduction>;  // by algorithm

// Collective. `reductions`: all over one arena, which holds zeros and holds them afterwards. Rows
// from 1 KiB in powers of 4 up to 256 MiB or the arena. Every time is the slowest rank's median,
// agreed by all, so that the rows are the same on every rank. `shape` and `machine` of the result
// are left to the caller.
[[nodiscard]] AllreduceTable measure_table(ControlPlane& control, const TimedReductions& reductions,
                                           const MeasureOptions& options);

}  // namespace ringmaster::comm
