#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/deadline.h"

namespace ringmaster::comm {

// Calls `attempt()`, which makes MPI progress, until it is true: spins briefly, then sleeps between
// looks, longer and longer up to a millisecond. False: too late.
template <typename Attempt>
bool poll_until(Deadline deadline, Attempt attempt) {
  for (int spins = 0; spins < 200; ++spins) {
    if (attempt()) return true;
  }
  auto pause = std::chrono::microseconds(5);
  while (!deadline.passed()) {
    if (attempt()) return true;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
  }
  return attempt();
}

}  // namespace ringmaster::comm
