// What both decoders hold an image's header against before they allocate anything for it.
#pragma once

#include <cstddef>

#include "image/image.h"

namespace ringmaster::image {

// 16,384 squared: four times ImageNet's largest image, and 768 MiB as RGB.
inline constexpr std::size_t kMaxPixels = std::size_t{1} << 28;

// Error{kBadData} for an image with no pixels or more than kMaxPixels.
void check_size(const Header& header);

// The crop to decode: `crop`, or the whole image where crop.height is 0. Error{kBadData} where it
// does not lie in the image.
[[nodiscard]] Crop checked_crop(const Header& header, const Crop& crop);

// Sets the sizes of `out` for `crop` in RGB; the pixels are not initialised to anything.
void prepare(const Crop& crop, Image& out);

}  // namespace ringmaster::image
