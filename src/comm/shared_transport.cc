#include "comm/shared_transport.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/deadline.h"
#include "base/processors.h"
#include "base/stream_copy.h"
#include "comm/futex.h"
#include "comm/process_state.h"
#include "comm/waiting.h"

namespace ringmaster::comm {
namespace {

using std::chrono::microseconds;

// An arena that is larger than a core's share of any cache.
constexpr std::size_t kUncachedBytes = std::size_t{32} << 20;

// A waiting rank renews its heartbeat every 100 ms; without one for so long it does not run.
constexpr std::chrono::nanoseconds kHeartbeatLost = std::chrono::seconds(3);

std::int64_t now_ns() {
  return std::chrono::nanoseconds(Deadline::Clock::now().time_since_epoch()).count();
}

// With a processor per rank a short spin saves two context switches; without one it would keep the
// processor from the very rank that is waited for.
microseconds choose_spin_time(std::size_t members) {
  const auto processors = static_cast<std::size_t>(allowed_processors().count);
  return microseconds(processors >= members ? 2 : 0);
}

void cached_copy(std::byte* to, const std::byte* from, std::size_t size_bytes) {
  std::memcpy(to, from, size_bytes);
}

// What is copied is a sum that is done: the optimizer reads it when all of the arena is. Where no
// cache holds it until then, it need not go through one.
auto choose_copy(std::size_t arena_bytes) {
  return arena_bytes >= kUncachedBytes ? stream_copy : cached_copy;
}

// A verdict in one word, never 0: kind and culprit.
std::uint64_t pack_verdict(const Trouble& trouble) {
  return (static_cast<std::uint64_t>(trouble.kind) + 1) << 32 |
         static_cast<std::uint32_t>(trouble.rank);
}
Trouble unpack_verdict(std::uint64_t verdict) {
  const auto kind = static_cast<ErrorKind>((verdict >> 32) - 1);
  return {kind, static_cast<int>(verdict & 0xffffffffu),
          kind == ErrorKind::kTimeout ? "did not come in time (seen by another rank of this host)"
                                      : "is lost (seen by another rank of this host)"};
}

}  // namespace

SharedTransport::SharedTransport(SharedMemory memory, const World& world, DType type)
    : memory_(std::move(memory)),
      world_(world),
      kernels_(vector_kernels(type)),
      copy_(choose_copy(memory_.layout.arena_bytes())),
      element_bytes_(size_bytes(type)),
      spin_time_(choose_spin_time(memory_.ranks.size())),
      arena_(memory_.arena(memory_.self)),
      peers_(memory_.ranks.size()) {
  const BlockLayout& layout = memory_.layout;
  std::byte* mine = memory_.blocks[memory_.self]->base();
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    std::byte* theirs = memory_.blocks[i]->base();
    peers_[i].page = layout.page(theirs);
    peers_[i].arena = layout.arena(theirs);
    peers_[i].sent_to_it = &layout.sent(mine)[i];
    peers_[i].used_by_it = &layout.used(theirs)[memory_.self];
    peers_[i].sent_by_it = &layout.sent(theirs)[memory_.self];
    peers_[i].used_of_it = &layout.used(mine)[i];
  }
}

SharedTransport::~SharedTransport() {
  my_page().left.store(1);
  for (const Peer& peer : peers_) ring(*peer.page);
}

std::size_t SharedTransport::member(int rank) const {
  const auto found = std::lower_bound(memory_.ranks.begin(), memory_.ranks.end(), rank);
  if (found == memory_.ranks.end() || *found != rank) return kNobody;
  return static_cast<std::size_t>(found - memory_.ranks.begin());
}

bool SharedTransport::has(int rank) const {
  return member(rank) != kNobody;
}

void SharedTransport::ring(SharedPage& page) {
  if (page.asleep.load() == 0 || page.asleep.exchange(0) == 0) return;
  page.doorbell.fetch_add(1);
  futex_wake(page.doorbell);
}

void SharedTransport::send(const Segment& segment) {
  Peer& peer = peers_[member(segment.peer)];
  peer.sent_to_it->value.store(++peer.sent);
  ring(*peer.page);
}

void SharedTransport::expect(const Segment& /*segment*/, ActionKind /*kind*/) {}

bool SharedTransport::try_receive(const Segment& segment, ActionKind kind, double scale) {
  Peer& peer = peers_[member(segment.peer)];
  if (peer.seen_sent == peer.received) {
    peer.seen_sent = peer.sent_by_it->value.load();
    if (peer.seen_sent == peer.received) return false;
  }
  std::byte* to = arena_ + segment.offset_bytes;
  const std::byte* from = peer.arena + segment.offset_bytes;
  const auto count_elems = static_cast<std::int64_t>(segment.size_bytes / element_bytes_);
  switch (kind) {
    case ActionKind::kReceiveAdd:
      kernels_.add(to, from, count_elems);
      break;
    case ActionKind::kReceiveAddScale:
      kernels_.add_scale(to, from, count_elems, scale);
      break;
    case ActionKind::kReceiveCopy:
      copy_(to, from, segment.size_bytes);
      break;
    case ActionKind::kSend:
      RM_CHECK(false, "a send is not received");
  }
  peer.used_of_it->value.store(++peer.received);
  ring(*peer.page);
  return true;
}

std::optional<int> SharedTransport::unflushed_peer() {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].used_by_it->value.load() != peers_[i].sent) return memory_.ranks[i];
  }
  return std::nullopt;
}

void SharedTransport::begin_wait(int peer) {
  my_page().heartbeat_ns.store(now_ns());
  my_page().waiting_for.store(peer);
}

void SharedTransport::end_wait() {
  my_page().asleep.store(0);
  my_page().waiting_for.store(-1);
}

std::uint32_t SharedTransport::arm() {
  const std::uint32_t armed = my_page().doorbell.load();
  my_page().asleep.store(1);
  return armed;
}

void SharedTransport::sleep(std::uint32_t armed, microseconds at_most) {
  futex_wait(my_page().doorbell, armed, at_most);
  my_page().heartbeat_ns.store(now_ns(), std::memory_order_relaxed);
}

void SharedTransport::wake() {
  my_page().doorbell.fetch_add(1);
  futex_wake(my_page().doorbell);
}

bool SharedTransport::has_died(std::size_t member) const {
  const SharedPage& page = *peers_[member].page;
  if (page.left.load() != 0) return false;
  const std::optional<ProcessState> state = process_state(page.pid);
  return !state || state->state == 'Z' || state->state == 'X' ||
         state->start_ticks != page.start_ticks;
}

std::optional<Trouble> SharedTransport::trouble(int peer) {
  const std::uint64_t verdict = memory_.page(0).verdict.load();
  if (verdict != 0) return unpack_verdict(verdict);
  const std::size_t who = member(peer);
  if (who == kNobody) return std::nullopt;
  if (has_died(who)) return Trouble{ErrorKind::kPeerLost, peer, "has died"};
  if (peers_[who].page->left.load() != 0) {
    return Trouble{ErrorKind::kPeerLost, peer, "has ended its engine"};
  }
  return std::nullopt;
}

std::variant<Trouble, int> SharedTransport::examine(int rank) const {
  const std::size_t who = member(rank);
  if (has_died(who)) return Trouble{ErrorKind::kPeerLost, rank, "has died"};
  const SharedPage& page = *peers_[who].page;
  const std::optional<ProcessState> state = process_state(page.pid);
  if (state && (state->state == 'T' || state->state == 't')) {
    return Trouble{ErrorKind::kTimeout, rank, join_text("is stopped (process ", page.pid, ")")};
  }
  const int next = page.waiting_for.load();
  if (next < 0) {
    return Trouble{ErrorKind::kTimeout, rank, "did not come: it has not started this reduction"};
  }
  if (now_ns() - page.heartbeat_ns.load() > kHeartbeatLost.count()) {
    return Trouble{ErrorKind::kTimeout, rank, join_text("does not run (process ", page.pid, ")")};
  }
  return next;
}

Trouble SharedTransport::blame(int peer) {
  return find_culprit(world_, peer, [&](int rank) -> std::variant<Trouble, int> {
    if (has(rank)) return examine(rank);
    return Trouble{ErrorKind::kTimeout, rank, "did not answer"};
  });
}

Trouble SharedTransport::spread(const Trouble& trouble) {
  std::uint64_t standing = 0;
  const bool first =
      memory_.page(0).verdict.compare_exchange_strong(standing, pack_verdict(trouble));
  for (const Peer& peer : peers_) ring(*peer.page);
  return first ? trouble : unpack_verdict(standing);
}

std::string SharedTransport::describe() const {
  return join_text("shared memory, ", kernels_.name);
}

}  // namespace ringmaster::comm
