#include "train/save_schedule.h"

namespace ringmaster::train {
namespace {

using Seconds = std::chrono::duration<double>;

}  // namespace

SaveSchedule::SaveSchedule(const SaveScheduleOptions& options, Time now)
    : options_(options), last_(now), not_before_(now) {}

bool SaveSchedule::due(std::int64_t step, Time now) {
  if (options_.every_steps > 0 && step % options_.every_steps == 0) due_ = true;
  if (options_.every_minutes > 0 && Seconds(now - last_).count() >= options_.every_minutes * 60)
    due_ = true;
  return due_ && now >= not_before_;
}

void SaveSchedule::taken(Time now) {
  due_ = false;
  last_ = now;
}

void SaveSchedule::failed(Time now) {
  due_ = true;
  not_before_ =
      now + std::chrono::duration_cast<SaveSchedule::Time::duration>(Seconds(options_.retry_s));
}

}  // namespace ringmaster::train
