// What a JPEG's markers say beyond its size, without decoding anything.
#pragma once

#include <cstddef>
#include <span>

namespace ringmaster::sharding {

struct JpegFacts {
  int components = 0;  // of the frame; 0: no frame header was found
  bool progressive = false;
  bool adobe = false;       // an Adobe marker: CMYK is then stored inverted
  int adobe_transform = 0;  // 0: as it is (RGB, CMYK), 1: YCbCr, 2: YCCK
  int orientation = 1;      // EXIF: 1 upright, 2 .. 8 mirrored or turned (TIFF 6.0, tag 274)
};

// Walks the markers up to the first scan (ITU-T T.81, annex B; Adobe's Technical Note 5116, p. 22;
// EXIF 2.32, 4.5). Whatever is damaged ends the walk: deciding what is sound is the decoder's.
[[nodiscard]] JpegFacts read_jpeg_facts(std::span<const std::byte> encoded);

}  // namespace ringmaster::sharding
