// Gathers a rank's facts from the machine that it runs on.
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/file.h"
#include "comm/control.h"
#include "fleet/facts.h"

namespace ringmaster::fleet {

struct LookOptions {
  std::string data_folder;  // packed data set; empty: none to look at
  std::string run_folder;   // need not be there yet; empty: none
  std::string instance;     // EC2's instance type; empty: asked of the machine's firmware
  bool gpus = true;         // whether GPUs matter
};

// Not collective. What is wrong with the host is a fact, not an exception; Error{kIo} only where
// the operating system does not answer at all. The first rank of a host writes a small file into
// the run's folder (made if need be) and removes it.
[[nodiscard]] Facts look(const LookOptions& options, const comm::World& world, FileSystem& files,
                         Deadline deadline);

}  // namespace ringmaster::fleet
