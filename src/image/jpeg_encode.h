// Writes baseline JPEG through libjpeg-turbo.
#pragma once

#include <cstddef>
#include <vector>

#include "image/image.h"

namespace ringmaster::image {

struct JpegOptions {
  int quality = 95;          // 1 .. 100, of libjpeg's tables
  bool full_chroma = false;  // 4:4:4 instead of 4:2:0: larger, colours stay sharp
  bool optimise = true;      // Huffman tables made for this image: smaller by some per cent
};

// Encodes a grey or RGB image (1 or 3 channels) as a baseline JFIF file into `out`. The bytes
// depend on pixels, options and libjpeg-turbo's version alone. Thread-safe. REQUIRES: sides of 1 to
// 65,500 pixels, as JPEG has them.
void encode_jpeg(const Image& image, const JpegOptions& options, std::vector<std::byte>& out);

}  // namespace ringmaster::image
