#include "image/augment_op.h"

#include <utility>

#include "base/check.h"
#include "image/affine.h"
#include "image/blend_ops.h"
#include "image/tone_ops.h"

namespace ringmaster::image {
namespace {

void transform(const AffineMap& map, Image& image, Image& spare) {
  affine_nearest(image, map, spare);
  std::swap(image, spare);
}

}  // namespace

void apply(AugmentOp op, double magnitude, Image& image, Image& spare) {
  RM_CHECK_EQ(image.channels, 3);
  const double pixels = static_cast<int>(magnitude);
  switch (op) {
    case AugmentOp::kIdentity:
      return;
    case AugmentOp::kShearX:
      return transform(shear_x(magnitude), image, spare);
    case AugmentOp::kShearY:
      return transform(shear_y(magnitude), image, spare);
    case AugmentOp::kTranslateX:
      return transform({1, 0, -pixels, 0, 1, 0}, image, spare);
    case AugmentOp::kTranslateY:
      return transform({1, 0, 0, 0, 1, -pixels}, image, spare);
    case AugmentOp::kRotate:
      return transform(rotation(magnitude, image.height, image.width), image, spare);
    case AugmentOp::kBrightness:
      return adjust_brightness(1 + magnitude, image);
    case AugmentOp::kColor:
      return adjust_color(1 + magnitude, image);
    case AugmentOp::kContrast:
      return adjust_contrast(1 + magnitude, image);
    case AugmentOp::kSharpness:
      adjust_sharpness(1 + magnitude, image, spare);
      std::swap(image, spare);
      return;
    case AugmentOp::kPosterize:
      return posterize(static_cast<int>(magnitude), image);
    case AugmentOp::kSolarize:
      return solarize(magnitude, image);
    case AugmentOp::kAutoContrast:
      return auto_contrast(image);
    case AugmentOp::kEqualize:
      return equalize(image);
    case AugmentOp::kInvert:
      return invert(image);
  }
}

}  // namespace ringmaster::image
