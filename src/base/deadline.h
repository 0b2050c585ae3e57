// A point in time after which waiting is an error. Every wait on another rank takes one.
#pragma once

#include <chrono>

namespace ringmaster {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] static Deadline after(std::chrono::duration<double> seconds) {
    return Deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds));
  }
  // For waits on something of our own that can't be lost (a thread of this process).
  [[nodiscard]] static Deadline never() { return Deadline(Clock::time_point::max()); }

  [[nodiscard]] bool passed() const {
    return at_ != Clock::time_point::max() && Clock::now() >= at_;
  }
  [[nodiscard]] Clock::time_point at() const { return at_; }
  // Seconds left, never negative; a large finite number for never().
  [[nodiscard]] double seconds_left() const {
    if (at_ == Clock::time_point::max()) return 1e9;
    const double left = std::chrono::duration<double>(at_ - Clock::now()).count();
    return left > 0 ? left : 0;
  }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace ringmaster
