// Pictures made for tests: photograph-like pixels, and JPEGs of them in every kind of coding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmaster::testing {

// height * width * channels bytes: smooth shapes, edges and a little noise. The same for the same
// arguments.
[[nodiscard]] std::vector<std::uint8_t> photo_pixels(int height, int width, int channels,
                                                     std::uint64_t seed);

struct JpegKind {
  int channels = 3;                                // 1 grey, 3 colour, 4 CMYK as it is, inverted
  int chroma_horizontal = 2, chroma_vertical = 2;  // pixels a chroma sample; 2 x 2 is "4:2:0"
  bool progressive = false;
  int restart_rows = 0;  // a restart marker after so many rows of blocks; 0: none
  int quality = 90;
  bool scan_by_scan = false;  // each component in a scan of its own, not interleaved
};

// Encodes height * width * kind.channels bytes.
[[nodiscard]] std::vector<std::byte> encode_jpeg(const std::vector<std::uint8_t>& pixels,
                                                 int height, int width, const JpegKind& kind);

}  // namespace ringmaster::testing
