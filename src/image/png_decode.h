// PNG through libpng.
#pragma once

#include <cstddef>
#include <span>

#include "image/image.h"

namespace ringmaster::image {

// As read_header() and decode_rgb() of image.h, for bytes that begin as a PNG does.
[[nodiscard]] Header read_png_header(std::span<const std::byte> encoded);
void decode_png(std::span<const std::byte> encoded, const Crop& crop, Image& out);

}  // namespace ringmaster::image
