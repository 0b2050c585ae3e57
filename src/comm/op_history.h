// The last operations of an engine, kept always, at the price of two clock readings each: what a
// rank was doing, for the report that it leaves when something went wrong, and for the timeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ringmaster::comm {

enum class Phase : std::uint8_t { kQueued, kRunning, kDone, kFailed };
[[nodiscard]] const char* name_of(Phase phase);

// Times: nanoseconds of the steady clock (on Linux the same for all processes of a host), 0: not
// yet.
struct Operation {
  std::int64_t number = 0;     // reductions of this engine before it
  std::int64_t reduction = 0;  // Reduction::index
  std::size_t offset_bytes = 0, size_bytes = 0;
  Phase phase = Phase::kQueued;
  int step = -1, segment = -1, peer = -1;  // while running: the last receive begun; -1: none
  std::int64_t queued_ns = 0, started_ns = 0, done_ns = 0;
};

// Thread-safe.
class OpHistory {
 public:
  static constexpr std::size_t kKept = 256;

  OpHistory();
  // Adds a queued operation and returns its number. Where more than kKept are queued at once the
  // oldest are forgotten, running or not.
  std::int64_t queue(std::int64_t reduction, std::size_t offset_bytes, std::size_t size_bytes);
  void start(std::int64_t number);
  void receive(std::int64_t number, int step, int segment, int peer);
  // The operation as it was recorded; a forgotten one is empty but for its number.
  Operation end(std::int64_t number, Phase phase);
  // Oldest first.
  [[nodiscard]] std::vector<Operation> snapshot() const;

 private:
  Operation* find(std::int64_t number);  // REQUIRES: mutex_ held. Null for a forgotten one.

  mutable std::mutex mutex_;
  std::vector<Operation> ring_;  // by number modulo kKept
  std::int64_t queued_ = 0;      // numbers given so far
};

}  // namespace ringmaster::comm
