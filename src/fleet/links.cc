#include "fleet/links.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "base/check.h"
#include "base/seconds.h"
#include "comm/host_groups.h"
#include "comm/mpi_link.h"

namespace ringmaster::fleet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSegmentBytes = 256 << 10;
// Segments cycle through so many places: more than are received ahead, so that no two receives that
// are under way write to the same place.
constexpr int kPlaces = 2 * comm::MpiLink::kLookahead;
constexpr int kMostSegments = 128, kFirstSegments = 4;
constexpr double kWantedSeconds = 0.2;

// This rank's end of the link to one peer at a time.
class End {
 public:
  End(comm::MpiSession& mpi, const comm::World& world)
      : mpi_(mpi),
        world_(world),
        arena_(2 * kPlaces * kSegmentBytes),
        link_(mpi.duplicate_communicator(), arena_.data(), comm::DType::kFloat32, std::nullopt) {}

  // Seconds for `segments` each way.
  double exchange(int peer, int segments, Deadline deadline) {
    const auto start = Clock::now();
    for (int i = 0; i < segments; ++i) link_.send(outgoing(peer, i));
    int expected = 0;
    for (int i = 0; i < segments; ++i) {
      for (; expected < std::min(segments, i + comm::MpiLink::kLookahead); ++expected)
        link_.expect(incoming(peer, expected), comm::ActionKind::kReceiveCopy);
      await(peer, deadline, [&] {
        return link_.try_receive(incoming(peer, i), comm::ActionKind::kReceiveCopy, 1.0);
      });
    }
    await(peer, deadline, [&] { return !link_.unflushed_peer(); });
    return seconds_since(start);
  }

 private:
  // The lower rank sends out of the first half of the arena, the higher one out of the second.
  [[nodiscard]] comm::Segment outgoing(int peer, int i) const {
    return segment(peer, i, world_.rank < peer ? 0 : kPlaces);
  }
  [[nodiscard]] comm::Segment incoming(int peer, int i) const {
    return segment(peer, i, world_.rank < peer ? kPlaces : 0);
  }
  static comm::Segment segment(int peer, int i, int first_place) {
    const auto place = static_cast<std::size_t>(first_place + i % kPlaces);
    return {peer, place * kSegmentBytes, kSegmentBytes, 0, 0, i};
  }

  template <typename Attempt>
  void await(int peer, Deadline deadline, Attempt attempt) {
    constexpr std::chrono::microseconds kNap{50};
    while (!attempt()) {
      if (deadline.passed()) {
        mpi_.mark_broken();
        throw Error(ErrorKind::kTimeout,
                    join_text("no data from ", world_.name(peer), " while the link between ",
                              world_.host(), " and ", world_.hosts[static_cast<std::size_t>(peer)],
                              " was measured: look at the network of these hosts"));
      }
      std::this_thread::sleep_for(kNap);
    }
  }

  comm::MpiSession& mpi_;
  const comm::World& world_;
  std::vector<std::byte> arena_;
  comm::MpiLink link_;
};

class Tournament {
 public:
  Tournament(comm::ControlPlane& control, comm::MpiSession& mpi, Deadline deadline)
      : control_(control),
        deadline_(deadline),
        leaders_(host_leaders(control.world())),
        end_(mpi, control.world()) {}

  std::vector<Link> play(int rounds) {
    const int hosts = static_cast<int>(leaders_.size());
    std::vector<Link> links;
    for (int round = 0; round < std::min(rounds, tournament_rounds(hosts)); ++round) {
      const std::vector<Pair> pairs = pairs_of_round(hosts, round);
      std::ignore = times(pairs, std::vector<int>(pairs.size(), 1));  // connects
      const std::vector<double> first =
          times(pairs, std::vector<int>(pairs.size(), kFirstSegments));
      std::vector<int> segments;
      for (const double seconds : first) segments.push_back(enough(seconds));
      const std::vector<double> second = times(pairs, segments);
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const double bits = 8.0 * static_cast<double>(kSegmentBytes) * segments[i];
        links.push_back({pairs[i].first, pairs[i].second, bits / second[i] * 1e-9});
      }
    }
    return links;
  }

 private:
  static int enough(double first_seconds) {
    const double wanted = kFirstSegments * kWantedSeconds / std::max(first_seconds, 1e-6);
    return std::clamp(static_cast<int>(std::min<double>(wanted, kMostSegments)), kFirstSegments,
                      kMostSegments);
  }

  // Every pair exchanges so many segments; the seconds of the slower end of each.
  std::vector<double> times(const std::vector<Pair>& pairs, const std::vector<int>& segments) {
    const int rank = control_.world().rank;
    double mine = 0;
    control_.barrier(deadline_);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const int a = leader(pairs[i].first), b = leader(pairs[i].second);
      if (rank == a || rank == b) mine = end_.exchange(rank == a ? b : a, segments[i], deadline_);
    }
    const std::vector<std::string> all = control_.all_gather(join_text(mine), deadline_);
    const auto of = [&](int host) {
      return std::stod(all[static_cast<std::size_t>(leader(host))]);
    };
    std::vector<double> seconds;
    for (const auto& [a, b] : pairs) seconds.push_back(std::max(of(a), of(b)));
    return seconds;
  }

  [[nodiscard]] int leader(int host) const { return leaders_[static_cast<std::size_t>(host)]; }

  comm::ControlPlane& control_;
  const Deadline deadline_;
  const std::vector<int> leaders_;
  End end_;
};

}  // namespace

std::vector<int> host_leaders(const comm::World& world) {
  std::vector<int> leaders;
  for (const std::vector<int>& group : comm::ranks_by_host(world.hosts))
    leaders.push_back(group.front());
  return leaders;
}

std::vector<Link> measure_links(comm::ControlPlane& control, comm::MpiSession& mpi, int rounds,
                                Deadline deadline) {
  return Tournament(control, mpi, deadline).play(rounds);
}

}  // namespace ringmaster::fleet
