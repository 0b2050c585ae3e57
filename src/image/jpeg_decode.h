// JPEG through libjpeg-turbo: only the rows and columns of the crop are transformed to pixels.
#pragma once

#include <cstddef>
#include <span>

#include "image/image.h"

namespace ringmaster::image {

// As read_header() and decode_rgb() of image.h, for bytes that begin as a JPEG does.
[[nodiscard]] Header read_jpeg_header(std::span<const std::byte> encoded);
void decode_jpeg(std::span<const std::byte> encoded, const Crop& crop, Image& out);

}  // namespace ringmaster::image
