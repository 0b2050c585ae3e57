// The Elastic Fabric Adapter, as far as it can be seen from outside of a run.
#pragma once

#include <string>

#include "base/deadline.h"
#include "fleet/facts.h"

namespace ringmaster::fleet {

// `sys`: where sysfs is ("/sys"). `library_path`: LD_LIBRARY_PATH; `net_plugin`: NCCL_NET_PLUGIN.
// fi_info is asked only where there are cards.
[[nodiscard]] Efa look_for_efa(const std::string& sys, const std::string& library_path,
                               const std::string& net_plugin, Deadline deadline);

// Devices of /sys/class/infiniband whose driver is `driver`.
[[nodiscard]] int count_cards(const std::string& sys, const std::string& driver);

// The first file `name` in the folders of `library_path`, then in those of the loader; empty: none.
[[nodiscard]] std::string find_library(const std::string& name, const std::string& library_path);

}  // namespace ringmaster::fleet
