// What was measured: clocks, links, the reduction.
#include <algorithm>
#include <cmath>
#include <iomanip>

#include "base/check.h"
#include "fleet/rule_parts.h"

namespace ringmaster::fleet {
namespace {

std::string speed_text(double gbps) {
  return gbps < 1 ? join_text(std::lround(gbps * 1000), " Mbit/s")
                  : join_text(std::setprecision(3), gbps, " Gbit/s");
}

constexpr const char* kSlowRemedy =
    "drain the node and let it be replaced; look for errors of its card (`ethtool -S`), a shared "
    "or "
    "throttled link, and whether all nodes are in one placement group";

void judge_links(FaultList& list) {
  const Findings& findings = list.findings;
  const int hosts = static_cast<int>(findings.hosts.size());
  if (findings.measured.links.empty()) return;
  const std::vector<double> speeds = host_speeds(findings.measured.links, hosts);
  const double share = list.requirements.speed_share;
  const auto name = [&](std::size_t host) { return findings.hosts[host]; };
  for (const int slow : slow_hosts(speeds, share)) {
    const auto host = static_cast<std::size_t>(slow);
    list.add(
        "links", {name(host)},
        join_text("slow node: its best link carries ", speed_text(speeds[host]), ", the others' ",
                  speed_text(*std::max_element(speeds.begin(), speeds.end()))),
        kSlowRemedy);
  }
  const auto& instance = list.requirements.instance;
  if (!instance || instance->link_gbps <= 0) return;
  std::vector<std::string> below;
  double slowest = instance->link_gbps;
  for (std::size_t host = 0; host < speeds.size(); ++host) {
    if (speeds[host] >= share * instance->link_gbps) continue;
    below.push_back(name(host));
    slowest = std::min(slowest, speeds[host]);
  }
  list.add("links", below,
           join_text("a TCP stream carries ", speed_text(slowest), ", and between two ",
                     instance->type, " it should be ", speed_text(instance->link_gbps)),
           kSlowRemedy);
}

void judge_reduction(FaultList& list) {
  const auto& instance = list.requirements.instance;
  const double found = list.findings.measured.reduction.busbw_gbs * 8;
  // The network's whole speed can only be had by GPUs, through EFA.
  if (!instance || instance->network_gbps <= 0 || list.findings.hosts.size() < 2 || found <= 0 ||
      !uses_gpus(list.findings.facts, list.requirements.device))
    return;
  if (found >= list.requirements.speed_share * instance->network_gbps) return;
  list.add("allreduce", list.findings.hosts,
           join_text("the ranks sum at a bus bandwidth of ", speed_text(found), ", and ",
                     instance->type, " have ", speed_text(instance->network_gbps)),
           "NCCL_DEBUG=INFO must say \"Using network AWS Libfabric\"; if it does, try the nodes in "
           "halves until the slow one is found");
}

}  // namespace

void judge_clocks(FaultList& list) {
  std::vector<double> offsets;
  for (const Facts* facts : list.host_facts())
    offsets.push_back(list.findings.measured.clock_offsets[static_cast<std::size_t>(facts->rank)]);
  if (offsets.size() < 2) return;
  std::vector<double> sorted = offsets;
  std::sort(sorted.begin(), sorted.end());
  const double middle = sorted[sorted.size() / 2], low = sorted.front(), high = sorted.back();
  std::vector<std::string> wrong;
  for (std::size_t host = 0; host < offsets.size(); ++host) {
    // Of two nobody can say which one is wrong.
    const double off = offsets.size() == 2 ? high - low : std::abs(offsets[host] - middle);
    if (off > list.requirements.clock_s) wrong.push_back(list.findings.hosts[host]);
  }
  list.add("clocks", wrong,
           join_text("the wall clocks are ", std::setprecision(3), high - low, " s apart"),
           "start chronyd on it (on EC2 with server 169.254.169.123) and wait for `chronyc "
           "tracking` to say that it is synchronised");
}

void judge_speeds(FaultList& list) {
  judge_links(list);
  judge_reduction(list);
}

}  // namespace ringmaster::fleet
