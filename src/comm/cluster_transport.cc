#include "comm/cluster_transport.h"

#include <algorithm>

#include "base/check.h"
#include "comm/host_groups.h"
#include "comm/waiting.h"

namespace ringmaster::comm {
namespace {

using std::chrono::microseconds;

// MPI moves data only while it is called, and nothing wakes a sleeper when a message comes: so
// sleep no longer than this while messages are under way, twice as long every time. What comes
// meanwhile the sockets hold: at 10 Gbit/s 250 KB in the longest nap.
constexpr microseconds kShortestNap{25};
constexpr microseconds kLongestNap{200};
constexpr microseconds kMpiSpin{50};

}  // namespace

ClusterTransport::ClusterTransport(std::unique_ptr<SharedTransport> local, const World& world,
                                   int data, int news, DType type, std::optional<DType> wire,
                                   std::function<void()> on_broken)
    : local_(std::move(local)),
      world_(world),
      wire_(wire),
      remote_(data, local_->arena(), type, wire),
      news_(news, world),
      on_broken_(std::move(on_broken)) {}

ClusterTransport::~ClusterTransport() {
  if (!remote_.idle() || !news_.finish()) on_broken_();
  if (remote_.idle()) return;
  std::ignore = local_.release();  // MPI may still write into the arena
}

void ClusterTransport::send(const Segment& segment) {
  local_->has(segment.peer) ? local_->send(segment) : remote_.send(segment);
}

void ClusterTransport::expect(const Segment& segment, ActionKind kind) {
  if (!local_->has(segment.peer)) remote_.expect(segment, kind);
}

bool ClusterTransport::try_receive(const Segment& segment, ActionKind kind, double scale) {
  return local_->has(segment.peer) ? local_->try_receive(segment, kind, scale)
                                   : remote_.try_receive(segment, kind, scale);
}

std::optional<int> ClusterTransport::unflushed_peer() {
  const std::optional<int> remote = remote_.unflushed_peer();
  return remote ? remote : local_->unflushed_peer();
}

std::uint32_t ClusterTransport::arm() {
  remote_.progress();
  return local_->arm();
}

void ClusterTransport::sleep(std::uint32_t armed, microseconds at_most) {
  if (remote_.idle()) return local_->sleep(armed, at_most);
  local_->sleep(armed, std::min(at_most, nap_));
  nap_ = std::min(2 * nap_, kLongestNap);
}

microseconds ClusterTransport::spin_time() const {
  const microseconds local = local_->spin_time();
  return local.count() == 0 ? local : std::max(local, kMpiSpin);
}

void ClusterTransport::begin_wait(int peer) {
  nap_ = kShortestNap;
  local_->begin_wait(peer);
}

void ClusterTransport::end_wait() {
  news_.going_on();
  local_->end_wait();
}

std::optional<Trouble> ClusterTransport::trouble(int peer) {
  news_.waiting(peer);
  if (std::optional<Trouble> verdict = news_.verdict()) return verdict;
  return local_->trouble(peer);
}

Trouble ClusterTransport::blame(int peer) {
  return find_culprit(world_, peer, [&](int rank) -> std::variant<Trouble, int> {
    if (local_->has(rank)) return local_->examine(rank);
    if (const std::optional<int> next = news_.waits_for(rank)) return *next;
    return Trouble{ErrorKind::kTimeout, rank,
                   "did not come: it does not run, is cut off, or has not started this reduction"};
  });
}

Trouble ClusterTransport::spread(const Trouble& trouble) {
  const Trouble told = local_->spread(trouble);
  if (!news_.verdict()) news_.give_up(told);
  return told;
}

std::string ClusterTransport::describe() const {
  return join_text(local_->describe(), " within each of ", ranks_by_host(world_.hosts).size(),
                   " hosts, MPI between them",
                   wire_ ? join_text(" (sent as ", name_of(*wire_), ")") : "");
}

}  // namespace ringmaster::comm
