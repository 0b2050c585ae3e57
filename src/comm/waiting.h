// How an engine waits for another rank: spin briefly, then sleep, and never for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <variant>

#include "base/check.h"
#include "base/deadline.h"
#include "comm/control.h"
#include "comm/cpu_relax.h"
#include "comm/transport.h"

namespace ringmaster::comm {

// When an engine's waits end at the latest. Set by its owner, read by whichever thread waits.
class Patience {
 public:
  // `per_wait_s`: the longest that one wait on a peer may take.
  explicit Patience(double per_wait_s) : per_wait_s_(per_wait_s) {}

  // From now on waits also end at `deadline`, running ones included (within 0.1 s).
  void limit(Deadline deadline) { limit_ns_.store(deadline.at().time_since_epoch().count()); }
  // The engine is being destroyed: waits end at once.
  void cancel() { cancelled_.store(true); }

  [[nodiscard]] bool cancelled() const { return cancelled_.load(); }
  // Whether a wait that began at `begun` has lasted long enough.
  [[nodiscard]] bool is_over(Deadline::Clock::time_point begun) const;

 private:
  const double per_wait_s_;
  std::atomic<std::int64_t> limit_ns_{
      Deadline::Clock::time_point::max().time_since_epoch().count()};
  std::atomic<bool> cancelled_{false};
};

// Whether to give up the processor while trying, in the hope that the rank that is waited for gets
// it: quick where only ranks compete for processors, but where other threads do (backward's, other
// programs') it costs a whole turn of theirs, and a sleeper that is woken comes sooner. One thread
// at a time.
class Pace {
 public:
  [[nodiscard]] bool may_yield() { return slow_ == 0 || --slow_ == 0; }
  // How long it took to get the processor back.
  void yielded(Deadline::Clock::duration time) {
    if (time > kTooLong) slow_ = kWaitsWithout;
  }

 private:
  static constexpr std::chrono::microseconds kTooLong{200};
  static constexpr int kWaitsWithout = 100;
  int slow_ = 0;  // waits to come that should not yield
};

// What a wait is for; for messages.
struct Awaited {
  int peer = 0;
  std::int64_t reduction = 0;  // index within the step, as its caller numbered it
  int step = 0, segment = 0;
  const char* what = "";  // "data of", "use of my data by"
};

// Follows who waits for whom, from `peer` to the first rank with which something is wrong.
// `examine(rank)`: what is wrong with that rank, or whom it waits for.
template <typename Examine>
Trouble find_culprit(const World& world, int peer, Examine examine) {
  int at = peer;
  for (int hop = 0; hop < world.size && at != world.rank; ++hop) {
    const std::variant<Trouble, int> found = examine(at);
    if (const auto* trouble = std::get_if<Trouble>(&found)) return *trouble;
    at = std::get<int>(found);
  }
  return {ErrorKind::kTimeout, peer, "did not answer"};  // all wait, in a circle
}

// One thread at a time.
class Waiter {
 public:
  Waiter(Transport& transport, const World& world, const Patience& patience, Pace& pace)
      : transport_(transport), world_(world), patience_(patience), pace_(pace) {}

  // Returns when `attempt()` is true. Otherwise throws Error{kTimeout} or Error{kPeerLost}, naming
  // the culprit and `awaited`, after it has told the other ranks; or Cancelled. While this process
  // itself was stopped, nobody was waited for: a rank that is woken up, often by its launcher that
  // ends it, must not blame those that waited for it.
  template <typename Attempt>
  void await(const Awaited& awaited, Attempt attempt) {
    if (attempt() || spin(attempt)) return;
    const WaitingMark mark(transport_, awaited.peer);
    auto begun = Deadline::Clock::now(), last = begun;
    auto next_look = begun + kLook;  // a look at the peer costs more than most waits
    while (true) {
      const std::uint32_t armed = transport_.arm();
      if (attempt()) return;
      if (patience_.cancelled()) throw Cancelled();
      const auto now = Deadline::Clock::now();
      if (now - last > kStandstill) {
        begun += now - last - kLook;
        next_look = now + kLook;
      }
      last = now;
      if (now >= next_look) {
        const std::optional<Trouble> trouble = look(awaited.peer, begun);
        if (trouble && attempt()) return;  // its last act may have been what we wait for
        if (trouble) give_up(awaited, *trouble, now - begun);
        next_look = now + kLook;
      }
      transport_.sleep(armed, kLook);
    }
  }

  struct Cancelled {};  // thrown where the engine ends before its reductions; goes no further

 private:
  static constexpr std::chrono::milliseconds kLook{100};
  static constexpr std::chrono::seconds kStandstill{1};  // from one look to the next
  static constexpr std::chrono::microseconds kYield{50};

  class WaitingMark {
   public:
    WaitingMark(Transport& transport, int peer) : transport_(transport) {
      transport_.begin_wait(peer);
    }
    ~WaitingMark() { transport_.end_wait(); }
    WaitingMark(const WaitingMark&) = delete;
    WaitingMark& operator=(const WaitingMark&) = delete;

   private:
    Transport& transport_;
  };

  // First without giving up the processor, then with: the rank that is waited for may need it.
  template <typename Attempt>
  bool spin(Attempt attempt) {
    return try_holding(attempt) || (pace_.may_yield() && try_yielding(attempt));
  }

  template <typename Attempt>
  bool try_holding(Attempt attempt) {
    const std::chrono::microseconds time = transport_.spin_time();
    if (time.count() == 0) return false;
    const auto end = Deadline::Clock::now() + time;
    do {
      for (int i = 0; i < 8; ++i) {
        if (attempt()) return true;
        cpu_relax();
      }
    } while (Deadline::Clock::now() < end);
    return false;
  }

  template <typename Attempt>
  bool try_yielding(Attempt attempt) {
    auto now = Deadline::Clock::now();
    const auto end = now + kYield;
    do {
      const auto before = now;
      std::this_thread::yield();
      now = Deadline::Clock::now();
      pace_.yielded(now - before);
      if (attempt()) return true;
    } while (now < end);
    return false;
  }

  // What is wrong, if anything; a passed deadline is.
  std::optional<Trouble> look(int peer, Deadline::Clock::time_point begun);
  [[noreturn]] void give_up(const Awaited& awaited, const Trouble& seen,
                            Deadline::Clock::duration waited);

  Transport& transport_;
  const World& world_;
  const Patience& patience_;
  Pace& pace_;
};

}  // namespace ringmaster::comm
