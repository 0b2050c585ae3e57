// What a rank's training thread is doing, and, while it is recorded, when it did what.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "obs/timeline.h"

namespace ringmaster::train {

// One thread. Phases follow each other without a gap: entering one ends the one before. What was
// entered last stays the current one, also while an exception leaves the loop: that is what the
// record of a run that broke off wants to know.
class Activity {
 public:
  // `phase`: a literal.
  void enter(const char* phase) {
    if (recording_) end_span();
    phase_ = phase;
  }
  [[nodiscard]] const char* current() const { return phase_; }

  void start_recording() {
    recording_ = true;
    begun_ns_ = now_ns();
  }
  // The phases since start_recording(), the open one up to now; ends the recording.
  [[nodiscard]] std::vector<obs::Span> stop_recording() {
    end_span();
    recording_ = false;
    return std::move(spans_);
  }
  [[nodiscard]] bool recording() const { return recording_; }

  [[nodiscard]] static std::int64_t now_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

 private:
  void end_span() {
    const std::int64_t now = now_ns();
    spans_.push_back({phase_, begun_ns_, now, {}});
    begun_ns_ = now;
  }

  const char* phase_ = "start";
  bool recording_ = false;
  std::int64_t begun_ns_ = 0;
  std::vector<obs::Span> spans_;
};

}  // namespace ringmaster::train
