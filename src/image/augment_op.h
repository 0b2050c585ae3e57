// The operations that AutoAugment and its kin draw from, on 8-bit RGB.
//
// Each gives the pixels of torchvision 0.26's transforms.autoaugment on a PIL image (what
// ImageFolder hands to a recipe), level for level: nearest neighbour, black where nothing lies.
// Its uint8 tensor kernels differ from that by some levels: docs/AUGMENTATION.md.
#pragma once

#include <array>
#include <cstdint>

#include "image/image.h"

namespace ringmaster::image {

enum class AugmentOp : std::uint8_t {
  kIdentity,
  kShearX,        // magnitude: tangent of the angle, signed
  kShearY,        // the same
  kTranslateX,    // pixels, signed, cut off to whole ones
  kTranslateY,    // the same
  kRotate,        // degrees, counter-clockwise
  kBrightness,    // factor - 1: 0 changes nothing, -1 gives black
  kColor,         // factor - 1: -1 gives grey
  kContrast,      // factor - 1: -1 gives the mean grey
  kSharpness,     // factor - 1: -1 gives the smoothed image
  kPosterize,     // bits that are kept, 1 to 8
  kSolarize,      // levels from here on are inverted
  kAutoContrast,  // no magnitude from here on
  kEqualize,
  kInvert,
};

inline constexpr std::array kAugmentOpNames = {
    "Identity",     "ShearX",   "ShearY",   "TranslateX", "TranslateY", "Rotate",
    "Brightness",   "Color",    "Contrast", "Sharpness",  "Posterize",  "Solarize",
    "AutoContrast", "Equalize", "Invert"};  // torchvision's, by enumerator

// Changes `image` in place; `spare` is working memory, any image, and anything afterwards. Any
// number of threads, each with images of its own. REQUIRES: image.channels == 3, not empty.
void apply(AugmentOp op, double magnitude, Image& image, Image& spare);

}  // namespace ringmaster::image
