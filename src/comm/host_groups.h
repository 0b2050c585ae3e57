// Which ranks share a host, and what can be done with hosts like these.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comm/control.h"
#include "comm/dtype.h"

namespace ringmaster::comm {

// Ranks of each host, ascending; hosts in the order of their first ranks. `hosts`: by rank.
[[nodiscard]] std::vector<std::vector<int>> ranks_by_host(const std::vector<std::string>& hosts);

// Several hosts with the same number of ranks, more than one: then the k-th ranks of all hosts are
// a ring across them.
[[nodiscard]] bool has_lanes(const std::vector<std::vector<int>>& groups);

// Whether these ranks can reduce by `algorithm` between GPUs: "" if so, else why not and what to
// do. The same on every rank.
[[nodiscard]] std::string why_not_between_gpus(const std::string& algorithm, const World& world,
                                               std::optional<DType> wire);

}  // namespace ringmaster::comm
