#include "data/augment_space.h"

#include <cmath>

namespace ringmaster::data {
namespace {

using image::AugmentOp;

// torch.linspace(first, last, bins)[bin]: in single precision, from the nearer end, and fused, as
// on every processor with AVX2 (without, torch gives 16 where this gives 15.999999, and cuts off).
double linear(float first, float last, int bins, int bin) {
  const float step = (last - first) / static_cast<float>(bins - 1);
  if (bin < bins / 2) return std::fma(step, static_cast<float>(bin), first);
  return std::fma(-step, static_cast<float>(bins - 1 - bin), last);
}

constexpr float kAutoAugmentEnhance = 0.9f, kWideEnhance = 0.99f;

float translation_of(int side) {
  return static_cast<float>(150.0 / 331.0 * side);
}

}  // namespace

AugmentSpace auto_augment_space(int side) {
  return {10, 0.3f, translation_of(side), 30, kAutoAugmentEnhance, 4};
}

AugmentSpace rand_augment_space(int side) {
  return {31, 0.3f, translation_of(side), 30, kAutoAugmentEnhance, 4};
}

AugmentSpace trivial_augment_space() {
  return {31, 0.99f, 32, 135, kWideEnhance, 6};
}

double magnitude_of(const AugmentSpace& space, AugmentOp op, int bin) {
  switch (op) {
    case AugmentOp::kShearX:
    case AugmentOp::kShearY:
      return linear(0, space.shear, space.bins, bin);
    case AugmentOp::kTranslateX:
    case AugmentOp::kTranslateY:
      return linear(0, space.translate, space.bins, bin);
    case AugmentOp::kRotate:
      return linear(0, space.rotate, space.bins, bin);
    case AugmentOp::kBrightness:
    case AugmentOp::kColor:
    case AugmentOp::kContrast:
    case AugmentOp::kSharpness:
      return linear(0, space.enhance, space.bins, bin);
    case AugmentOp::kPosterize:
      return 8 - std::nearbyint(bin / ((space.bins - 1) / space.posterize));
    case AugmentOp::kSolarize:
      return linear(255, 0, space.bins, bin);
    case AugmentOp::kIdentity:
    case AugmentOp::kAutoContrast:
    case AugmentOp::kEqualize:
    case AugmentOp::kInvert:
      return 0;
  }
  return 0;
}

bool is_signed(AugmentOp op) {
  return op >= AugmentOp::kShearX && op <= AugmentOp::kSharpness;
}

bool has_magnitude(AugmentOp op) {
  return op >= AugmentOp::kShearX && op <= AugmentOp::kSolarize;
}

}  // namespace ringmaster::data
