#include "data/image_size.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::data {
namespace {

constexpr int kMultiple = 32;  // what a ResNet strides over

}  // namespace

void check(const SizeSchedule& schedule, int full_size) {
  if (schedule.min_size == 0) return;
  RM_REQUIRE(schedule.min_size > 0 && schedule.min_size <= full_size, ErrorKind::kInvalidArgument,
             "min_image_size ", schedule.min_size, " must be 0 (off) or 1 to image_size, ",
             full_size);
  RM_REQUIRE(schedule.start_epoch >= 0 && schedule.start_epoch < schedule.end_epoch,
             ErrorKind::kInvalidArgument, "resize_start_epoch ", schedule.start_epoch,
             " must be at least 0 and below resize_end_epoch, ", schedule.end_epoch);
}

int image_size_at(const SizeSchedule& schedule, int full_size, std::int64_t epoch) {
  if (schedule.min_size == 0 || epoch >= schedule.end_epoch) return full_size;
  if (epoch <= schedule.start_epoch) return schedule.min_size;
  const double way = static_cast<double>(epoch - schedule.start_epoch) /
                     static_cast<double>(schedule.end_epoch - schedule.start_epoch);
  const double side = schedule.min_size + way * (full_size - schedule.min_size);
  const int rounded = static_cast<int>(std::nearbyint(side / kMultiple)) * kMultiple;
  return std::clamp(rounded, schedule.min_size, full_size);
}

}  // namespace ringmaster::data
