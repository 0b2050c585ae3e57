// What a rank shows to the other ranks of its host, in memory that they all map. docs/RING.md has
// the protocol, and why it is free of races.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include <sys/types.h>

namespace ringmaster::comm {

// A counter on two cache lines of its own: processors fetch lines in pairs.
struct alignas(128) SharedCounter {
  std::atomic<std::uint64_t> value{0};
};

// Written by its owner, but for `doorbell`, `asleep` and `verdict`.
struct SharedPage {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;              // of the process; process_state.h
  std::atomic<std::uint32_t> left{0};         // 1: the owner has ended its transport in good order
  std::atomic<std::int32_t> waiting_for{-1};  // rank that the owner sleeps for; -1: it does not
  std::atomic<std::int64_t> heartbeat_ns{0};  // steady clock; renewed while the owner waits
  // In the page of a host's first rank only: 0, or what stopped the host's ranks (pack_verdict).
  std::atomic<std::uint64_t> verdict{0};
  // The owner sleeps on `doorbell` after it has set `asleep`; who has news for it and finds
  // `asleep` set clears it, adds 1 to `doorbell` and wakes.
  alignas(128) std::atomic<std::uint32_t> asleep{0};
  std::atomic<std::uint32_t> doorbell{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");

// A rank's block of shared memory: page, counters, arena.
class BlockLayout {
 public:
  BlockLayout(std::size_t members, std::size_t arena_bytes)
      : members_(members), arena_bytes_(arena_bytes) {}

  [[nodiscard]] std::size_t arena_bytes() const { return arena_bytes_; }
  [[nodiscard]] std::size_t block_bytes() const { return arena_offset() + arena_bytes_; }
  [[nodiscard]] SharedPage* page(std::byte* block) const {
    return std::launder(reinterpret_cast<SharedPage*>(block));
  }
  // By member: segments that the owner has sent to it, and those of it that the owner has used.
  [[nodiscard]] std::span<SharedCounter> sent(std::byte* block) const { return counters(block, 0); }
  [[nodiscard]] std::span<SharedCounter> used(std::byte* block) const { return counters(block, 1); }
  [[nodiscard]] std::byte* arena(std::byte* block) const { return block + arena_offset(); }

  // Makes page and counters in zeroed memory; the arena stays zeroed.
  void construct(std::byte* block) const {
    new (block) SharedPage;
    new (block + sizeof(SharedPage)) SharedCounter[2 * members_];
  }

 private:
  [[nodiscard]] std::span<SharedCounter> counters(std::byte* block, std::size_t half) const {
    auto* first = std::launder(reinterpret_cast<SharedCounter*>(block + sizeof(SharedPage)));
    return {first + half * members_, members_};
  }
  [[nodiscard]] std::size_t arena_offset() const {
    const std::size_t head = sizeof(SharedPage) + 2 * members_ * sizeof(SharedCounter);
    return (head + kPageBytes - 1) / kPageBytes * kPageBytes;
  }

  static constexpr std::size_t kPageBytes = 4096;
  std::size_t members_, arena_bytes_;
};

}  // namespace ringmaster::comm
