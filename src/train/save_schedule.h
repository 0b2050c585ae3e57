#pragma once

#include <chrono>
#include <cstdint>

namespace ringmaster::train {

struct SaveScheduleOptions {
  std::int64_t every_steps = 0;  // of the run; 0: never for that reason
  double every_minutes = 0;      // since the save before; 0: never for that reason
  double retry_s = 0;            // after a failed save
};

// When a run saves between the ends of its epochs. Pure bookkeeping, on a clock that it is told.
class SaveSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  SaveSchedule(const SaveScheduleOptions& options, Time now);

  // Call after every step, with the number of steps done: whether to save now. What is due stays so
  // until taken() is called.
  [[nodiscard]] bool due(std::int64_t step, Time now);
  // A save has begun.
  void taken(Time now);
  // It has failed: another is due retry_s from now, and none before.
  void failed(Time now);

 private:
  const SaveScheduleOptions options_;
  Time last_, not_before_;
  bool due_ = false;
};

}  // namespace ringmaster::train
