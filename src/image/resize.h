// Antialiased bilinear resize of 8-bit images, as torchvision's resize(antialias=True).
#pragma once

#include <cstdint>
#include <span>

#include "image/image.h"

namespace ringmaster::image {

// Resizes the RGB image `source` to height x width into `out`, whose pixels are reused. The pixels
// are torchvision's: both call ATen's _upsample_bilinear2d_aa on uint8. A size that is the source's
// copies it. Thread-safe, and computes in the caller's thread alone. REQUIRES: source.channels ==
// 3, all sizes positive.
void resize_rgb(const Image& source, int height, int width, Image& out);

}  // namespace ringmaster::image
