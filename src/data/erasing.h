// Random erasing (Zhong et al., AAAI 2020): a rectangle of the normalised image becomes 0.
#pragma once

#include "base/philox.h"
#include "image/image.h"

namespace ringmaster::data {

// RandomErasing.get_params of torchvision 0.26 with its defaults, scale (0.02, 0.33) and ratio
// (0.3, 3.3), in a square of `side` pixels: with `probability` a rectangle, else (and where ten
// tries find none that fits) an empty one.
[[nodiscard]] image::Crop draw_erased(double probability, int side, RandomStream& random);

}  // namespace ringmaster::data
