#include "comm/cluster_transport.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

using std::chrono::microseconds;

// MPI moves data only while it is called, and nothing wakes a sleeper when a message comes: so
// sleep no longer than this while messages are under way. At 10 Gbit/s this is 60 KB, which the
// sockets hold.
constexpr microseconds kMpiNap{50};
constexpr microseconds kMpiSpin{200};

}  // namespace

ClusterTransport::ClusterTransport(std::unique_ptr<SharedTransport> local, const World& world,
                                   int communicator, DType type, std::function<void()> on_broken)
    : local_(std::move(local)),
      world_(world),
      remote_(communicator, local_->arena(), type),
      on_broken_(std::move(on_broken)) {}

ClusterTransport::~ClusterTransport() {
  if (remote_.idle()) return;
  on_broken_();
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
  local_->sleep(armed, remote_.idle() ? at_most : std::min(at_most, kMpiNap));
}

microseconds ClusterTransport::spin_time() const {
  const microseconds local = local_->spin_time();
  return local.count() == 0 ? local : std::max(local, kMpiSpin);
}

std::string ClusterTransport::describe() const {
  const std::set<std::string> hosts(world_.hosts.begin(), world_.hosts.end());
  return join_text(local_->describe(), " within each of ", hosts.size(),
                   " hosts, MPI between them");
}

}  // namespace ringmaster::comm
