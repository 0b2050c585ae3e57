#pragma once

#include <string>

namespace ringmaster::model {

// Which downsampling is blurred (blur_pool.h says how).
enum class BlurPool {
  kOff,
  kConvs,  // convolutions of stride above 1 with 16 input channels or more (FFCV's)
  kAll,    // the stem's max-pool too: of stride 1, then the filter with its stride (Composer's)
};

// "off", "convs" or "all". Error{kInvalidArgument} otherwise.
[[nodiscard]] BlurPool parse_blur_pool(const std::string& name);

}  // namespace ringmaster::model
