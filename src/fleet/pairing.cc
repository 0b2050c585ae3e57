#include "fleet/pairing.h"

#include <algorithm>

namespace ringmaster::fleet {

int tournament_rounds(int hosts) {
  return hosts < 2 ? 0 : hosts + hosts % 2 - 1;
}

std::vector<Pair> pairs_of_round(int hosts, int round) {
  // Seat 0 stays, the others move round the table by one a round; a seat too many means a rest.
  const int seats = hosts + hosts % 2;
  std::vector<Pair> pairs;
  const auto at = [&](int seat) { return seat == 0 ? 0 : 1 + (seat - 1 + round) % (seats - 1); };
  for (int seat = 0; seat < seats / 2; ++seat) {
    const auto [low, high] = std::minmax({at(seat), at(seats - 1 - seat)});
    if (high < hosts) pairs.emplace_back(low, high);
  }
  return pairs;
}

std::vector<double> host_speeds(const std::vector<Link>& links, int hosts) {
  std::vector<double> speeds(static_cast<std::size_t>(hosts), 0.0);
  for (const Link& link : links) {
    for (const int host : {link.a, link.b}) {
      double& best = speeds[static_cast<std::size_t>(host)];
      best = std::max(best, link.gbps);
    }
  }
  return speeds;
}

std::vector<int> slow_hosts(const std::vector<double>& speeds, double share) {
  if (speeds.size() < 3) return {};
  std::vector<double> sorted = speeds;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  std::vector<int> slow;
  for (std::size_t host = 0; host < speeds.size(); ++host) {
    if (speeds[host] < share * median) slow.push_back(static_cast<int>(host));
  }
  return slow;
}

}  // namespace ringmaster::fleet
