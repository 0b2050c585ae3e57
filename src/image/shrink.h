// Smaller images for packing, without LibTorch (resize.h is for training).
#pragma once

#include "image/image.h"

namespace ringmaster::image {

// Resizes an image of any number of channels to height x width into `out`, whose pixels are reused,
// with the antialiasing triangle filter: what Pillow calls BILINEAR, within rounding. Thread-safe.
// REQUIRES: all sizes positive, `out` is not `source`.
void shrink(const Image& source, int height, int width, Image& out);

}  // namespace ringmaster::image
