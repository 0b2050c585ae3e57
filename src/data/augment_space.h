// How strong an operation of a policy is: torchvision's _augmentation_space() as a function.
#pragma once

#include "image/augment_op.h"

namespace ringmaster::data {

// The strongest of each kind; bin 0 is the weakest, bins - 1 the strongest.
struct AugmentSpace {
  int bins = 0;
  float shear = 0, translate = 0, rotate = 0;  // tangent, pixels, degrees
  float enhance = 0;                           // brightness, colour, contrast, sharpness
  double posterize = 0;                        // bits taken away
};

[[nodiscard]] AugmentSpace auto_augment_space(int side);
[[nodiscard]] AugmentSpace rand_augment_space(int side);
[[nodiscard]] AugmentSpace trivial_augment_space();

// 0 for an operation without a magnitude. REQUIRES: 0 <= bin < space.bins.
[[nodiscard]] double magnitude_of(const AugmentSpace& space, image::AugmentOp op, int bin);

// Whether the magnitude is negated in half of the draws.
[[nodiscard]] bool is_signed(image::AugmentOp op);

// Whether there are several magnitudes to draw from.
[[nodiscard]] bool has_magnitude(image::AugmentOp op);

}  // namespace ringmaster::data
