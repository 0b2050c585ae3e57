// The seam between an algorithm and the wires: segments of the ranks' arenas, from rank to rank.
//
// No call waits. What has to wait tries again, and sleeps in between as waiting.h does, where the
// deadlines, the news of lost peers and the naming of culprits are: in one place for all wires.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "comm/plan.h"

namespace ringmaster::comm {

// A segment, at the same offset of the sender's and the receiver's arena.
struct Segment {
  int peer = 0;
  std::size_t offset_bytes = 0;
  std::size_t size_bytes = 0;
  std::int64_t reduction = 0;  // how many this engine has reduced before, since it was made
  int step = 0, segment = 0;
  bool exact = false;  // not to be rounded on a compressed wire
};

// A peer that is gone, or the news that another rank gave up.
struct Trouble {
  ErrorKind kind = ErrorKind::kPeerLost;
  int rank = 0;      // whose fault it is
  std::string what;  // "has died", "did not answer rank 2 in time", ...
};

// Owned by one rank, for one engine. One thread at a time, but for wake().
//
// Between two ranks the k-th send meets the k-th receive; both sides must describe the same
// segment. A segment that was sent must stay as it is until flushed or until its receiver is known
// to have used it (plan.h says why a plan never breaks that).
class Transport {
 public:
  virtual ~Transport() = default;

  // This rank's arena: 64-byte aligned, zeroed at first, freed with the transport.
  [[nodiscard]] virtual std::byte* arena() = 0;
  [[nodiscard]] virtual std::size_t arena_bytes() const = 0;

  virtual void send(const Segment& segment) = 0;
  // Says that `segment` will be received soon, in this order, so that a wire that needs it can
  // prepare. At most lookahead() segments ahead.
  virtual void expect(const Segment& segment, ActionKind kind) = 0;
  [[nodiscard]] virtual int lookahead() const = 0;
  // True: received and added or copied into the arena. False: it is not there yet, nothing was
  // done.
  [[nodiscard]] virtual bool try_receive(const Segment& segment, ActionKind kind, double scale) = 0;
  // A peer that has not yet used all that was sent to it, the same one until it has; empty: all
  // have, and the arena is this rank's alone.
  [[nodiscard]] virtual std::optional<int> unflushed_peer() = 0;

  // Waiting: begin_wait(), then arm(), try, and sleep() if that was in vain, then end_wait().
  // sleep() returns at once where something has happened since arm(); `at_most` bounds it anyway.
  virtual void begin_wait(int peer) = 0;
  virtual void end_wait() = 0;
  [[nodiscard]] virtual std::uint32_t arm() = 0;
  virtual void sleep(std::uint32_t armed, std::chrono::microseconds at_most) = 0;
  virtual void wake() = 0;  // ends this rank's sleep(); any thread
  // How long it is worth while to try again and again before sleeping.
  [[nodiscard]] virtual std::chrono::microseconds spin_time() const = 0;

  // What is known to be wrong while waiting for `peer`. Cheap enough for every 100 ms.
  [[nodiscard]] virtual std::optional<Trouble> trouble(int peer) = 0;
  // Who is to blame when `peer` keeps us waiting: perhaps it waits for another one itself.
  [[nodiscard]] virtual Trouble blame(int peer) = 0;
  // Tells the ranks that can be told, so that they give up too, naming the same culprit. Returns
  // what they are told: where another rank was first, what that one said.
  [[nodiscard]] virtual Trouble spread(const Trouble& trouble) = 0;

  // "shared memory", "shared memory on 2 hosts, MPI between them", ...
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace ringmaster::comm
