// What must hold before a run may start, and what to do where it does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/findings.h"
#include "fleet/instance_table.h"

namespace ringmaster::fleet {

struct Requirements {
  std::string device = "auto";       // as `ringmaster train` takes it
  double memlock_gib = -1;           // -1: 16 where there are EFA cards, else 0
  double shared_memory_mib = 32;     // a rank
  double run_free_gib = 4;           // for the run's folder
  double clock_s = 1;                // that a clock may be off
  double speed_share = 0.5;          // of the table's, or the other hosts', speed
  std::optional<Instance> instance;  // what the hosts should be; empty: only compared
};

// Judges `findings` (all but its faults). A fault of some hosts is theirs: 75, start again without
// them. One that all hosts share would come again on others: 2, or 3 and 4 where the data set or
// the disk is meant, whosever it is. Two hosts that differ can't be told apart: both are named.
[[nodiscard]] std::vector<Fault> judge(const Findings& findings, const Requirements& requirements);

// Whether this job uses GPUs: by `device`, or because a host has some.
[[nodiscard]] bool uses_gpus(const std::vector<Facts>& facts, const std::string& device);

}  // namespace ringmaster::fleet
