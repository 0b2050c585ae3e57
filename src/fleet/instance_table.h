// What a machine type should have: a file of facts with their sources (launch/instances.json).
#pragma once

#include <optional>
#include <string>

#include "base/file.h"

namespace ringmaster::fleet {

// 0: not known, not checked.
struct Instance {
  std::string type;
  int gpus = 0;
  int efa_cards = 0;
  double link_gbps = 0;     // one TCP stream between two hosts of a placement group, 10^9 bits/s
  double network_gbps = 0;  // all cards of a host together, 10^9 bits/s
};

// Empty where the file does not know `type`. Error{kBadData} for what is no such file.
[[nodiscard]] std::optional<Instance> find_instance(FileSystem& files, const std::string& path,
                                                    const std::string& type);

}  // namespace ringmaster::fleet
