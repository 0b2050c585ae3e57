// Waiting for a GPU and for NCCL without blocking in either: both are asked again and again, so
// that a deadline always ends the wait.
#pragma once

#include <chrono>
#include <thread>

#include "base/deadline.h"
#include "comm/waiting.h"

namespace ringmaster::comm {

// Asks done() until it is true; false when the patience ended first (done() is asked once more
// after that). What done() throws comes through. Answers within microseconds during the first two
// milliseconds, which covers the launch of a group and the tail of a reduction; after that it
// sleeps between questions and leaves the core to others.
template <typename Done>
[[nodiscard]] bool poll_until(Done done, const Patience& patience) {
  const auto begun = Deadline::Clock::now();
  const auto spin_end = begun + std::chrono::milliseconds(2);
  while (!done()) {
    if (patience.cancelled() || patience.is_over(begun)) return done();
    if (Deadline::Clock::now() < spin_end) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  return true;
}

}  // namespace ringmaster::comm
