// Looks at every host of a job before its first batch, within a time limit.
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/file.h"
#include "comm/control.h"
#include "comm/mpi_control.h"
#include "fleet/clocks.h"
#include "fleet/findings.h"
#include "fleet/look.h"
#include "fleet/rules.h"

namespace ringmaster::fleet {

struct PreflightOptions {
  LookOptions look;
  Requirements requirements;  // `instance` is filled in from `instances`
  std::string instances;      // file of instance_table.h; empty: speeds are only compared
  WallClock clock = wall_clock_ns;
};

// Collective; the same on every rank. What is wrong with the hosts is in the findings' faults.
// Error{kTimeout} or Error{kPeerLost}, naming the rank, where one does not answer by `deadline`.
// `mpi`: the session that `control` is of, null where there is one host.
[[nodiscard]] Findings preflight(const PreflightOptions& options, comm::ControlPlane& control,
                                 comm::MpiSession* mpi, FileSystem& files, Deadline deadline);

}  // namespace ringmaster::fleet
