// Which rectangle of an image is shown: torchvision's rules as functions of sizes.
#pragma once

#include "base/philox.h"
#include "image/image.h"

namespace ringmaster::data {

struct Size {
  int height = 0, width = 0;
  bool operator==(const Size&) const = default;
};

// RandomResizedCrop.get_params of torchvision 0.26 with ratio (3/4, 4/3) and scale (min_scale, 1):
// area uniform, aspect ratio uniform in its logarithm, ten tries, then the largest centred part
// within the ratios. REQUIRES: 0 < min_scale <= 1, a size that is not empty.
[[nodiscard]] image::Crop random_resized_crop(Size size, double min_scale, RandomStream& random);

// torchvision's Resize(shorter): the shorter side becomes `shorter`, the longer one is rounded
// down.
[[nodiscard]] Size resize_shorter(Size size, int shorter);

// torchvision's CenterCrop: half a pixel is rounded to even. May be negative where the image is
// smaller than the crop: so many pixels are then added on that side.
[[nodiscard]] int centre_offset(int from, int to);

}  // namespace ringmaster::data
