// Progressive resizing: small images first, as in FFCV's ResNet recipes (rn50_configs).
#pragma once

#include <cstdint>

namespace ringmaster::data {

// Up to and with `start_epoch` the side is `min_size`, from `end_epoch` on it is the full one, in
// between it grows evenly.
struct SizeSchedule {
  int min_size = 0;  // 0: always the full size
  std::int64_t start_epoch = 0, end_epoch = 0;
};

// Error{kInvalidArgument} names the key of a bad value.
void check(const SizeSchedule& schedule, int full_size);

// FFCV's get_resolution(): in between rounded to a multiple of 32, halves to even; here never
// beyond the two ends. A function of the epoch (from 0) alone.
[[nodiscard]] int image_size_at(const SizeSchedule& schedule, int full_size, std::int64_t epoch);

}  // namespace ringmaster::data
