#include "image/decode_checks.h"

#include "base/check.h"

namespace ringmaster::image {

void check_size(const Header& header) {
  RM_REQUIRE(header.height > 0 && header.width > 0, ErrorKind::kBadData, "the image is ",
             header.width, " x ", header.height, " pixels: nothing to decode");
  const auto pixels =
      static_cast<std::size_t>(header.height) * static_cast<std::size_t>(header.width);
  RM_REQUIRE(pixels <= kMaxPixels, ErrorKind::kBadData, "the image is ", header.width, " x ",
             header.height, " pixels, more than the ", kMaxPixels, " that are allowed");
}

Crop checked_crop(const Header& header, const Crop& crop) {
  if (crop.height == 0) return {0, 0, header.height, header.width};
  const bool inside = crop.top >= 0 && crop.left >= 0 && crop.height > 0 && crop.width > 0 &&
                      crop.height <= header.height - crop.top &&
                      crop.width <= header.width - crop.left;
  RM_REQUIRE(inside, ErrorKind::kBadData, "the crop of ", crop.width, " x ", crop.height, " at ",
             crop.left, ", ", crop.top, " does not lie in the image of ", header.width, " x ",
             header.height, " pixels");
  return crop;
}

void prepare(const Crop& crop, Image& out) {
  out.height = crop.height;
  out.width = crop.width;
  out.channels = 3;
  out.pixels.resize(static_cast<std::size_t>(crop.height) * static_cast<std::size_t>(crop.width) *
                    3);
}

}  // namespace ringmaster::image
