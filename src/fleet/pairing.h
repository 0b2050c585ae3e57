// Who measures a link with whom, and what the links say about the hosts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringmaster::fleet {

using Pair = std::pair<int, int>;  // numbers of hosts, first < second

// Round `round` of a tournament of `hosts` (the circle method): disjoint pairs; with an odd number
// one host rests. All pairs have met after tournament_rounds(hosts).
[[nodiscard]] std::vector<Pair> pairs_of_round(int hosts, int round);
[[nodiscard]] int tournament_rounds(int hosts);

struct Link {
  int a = 0, b = 0;  // numbers of hosts
  double gbps = 0;   // 10^9 bits a second each way, both ways at once
};

// By host: its fastest link. A link is as fast as the slower of its hosts, so one good partner
// shows what a host can do. 0 for a host without a link.
[[nodiscard]] std::vector<double> host_speeds(const std::vector<Link>& links, int hosts);

// Hosts that reach less than `share` of the median host. Two hosts have one link between them,
// which says nothing about either.
[[nodiscard]] std::vector<int> slow_hosts(const std::vector<double>& speeds, double share);

}  // namespace ringmaster::fleet
