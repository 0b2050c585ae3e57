// Affine maps of 8-bit RGB images by nearest neighbour, as Pillow computes them.
#pragma once

#include "image/image.h"

namespace ringmaster::image {

// Where a pixel of the result comes from: x' = a x + b y + c, y' = d x + e y + f, in pixels, from
// the top left corner of the top left pixel.
struct AffineMap {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};

// torchvision's affine(shear = atan(tangent), center = [0, 0]): rows or columns slide.
[[nodiscard]] AffineMap shear_x(double tangent);
[[nodiscard]] AffineMap shear_y(double tangent);

// Pillow's Image.rotate: counter-clockwise around the middle.
[[nodiscard]] AffineMap rotation(double degrees, int height, int width);

// Into `out`, of the same size, whose memory is reused; black where the map leaves the source.
// In 16.16 fixed point, which is Pillow's arithmetic for maps like these. REQUIRES: RGB, sides up
// to 8192, coefficients of at most a few units.
void affine_nearest(const Image& source, const AffineMap& map, Image& out);

}  // namespace ringmaster::image
