#include "comm/host_groups.h"

#include <algorithm>
#include <map>

namespace ringmaster::comm {

std::vector<std::vector<int>> ranks_by_host(const std::vector<std::string>& hosts) {
  std::vector<std::vector<int>> groups;
  std::map<std::string, std::size_t> index;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    const auto [found, is_new] = index.emplace(hosts[rank], groups.size());
    if (is_new) groups.emplace_back();
    groups[found->second].push_back(static_cast<int>(rank));
  }
  return groups;
}

bool has_lanes(const std::vector<std::vector<int>>& groups) {
  const std::size_t lanes = groups.front().size();
  return groups.size() > 1 && lanes > 1 &&
         std::all_of(groups.begin(), groups.end(),
                     [&](const auto& group) { return group.size() == lanes; });
}

std::string why_not_between_gpus(const std::string& algorithm, const World& world,
                                 std::optional<DType> wire) {
  if (algorithm == "nccl" && wire)
    return "algorithm nccl adds what it sends: a compressed wire needs ring or hierarchical";
  if (algorithm == "hierarchical" && !has_lanes(ranks_by_host(world.hosts)))
    return "algorithm hierarchical between GPUs needs several hosts with the same number of ranks, "
           "more than one: choose ring, nccl or auto";
  return "";
}

}  // namespace ringmaster::comm
