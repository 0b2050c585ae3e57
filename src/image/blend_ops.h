// Blends of an image with what is left of it: its grey, its smoothed self. Pillow's ImageEnhance on
// RGB: degenerate + factor * (image - degenerate) in single precision, cut off, not rounded.
#pragma once

#include "image/image.h"

namespace ringmaster::image {

void adjust_color(double factor, Image& image);  // in place; away from grey

// Into `out`, whose memory is reused; away from ImageFilter.SMOOTH, whose border is the image's
// own.
void adjust_sharpness(double factor, const Image& image, Image& out);

}  // namespace ringmaster::image
