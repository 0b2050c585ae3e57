// 8-bit images in memory, and what is said of encoded ones. No LibTorch here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringmaster::image {

// Rows from the top, `channels` interleaved (RGB or grey), no padding: pixels.size() == height *
// width * channels.
struct Image {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;  // reused by the next decode into the same Image
};

// A rectangle in pixels of the full image.
struct Crop {
  int top = 0, left = 0, height = 0, width = 0;
  bool operator==(const Crop&) const = default;
};

enum class Format : std::uint8_t { kJpeg, kPng };

// What the header says, without decoding the pixels.
struct Header {
  Format format = Format::kJpeg;
  int height = 0, width = 0;
  int channels = 0;  // as encoded: 1 grey, 3 colour, 4 CMYK or with alpha
};

// By content, never by file name. Error{kBadData} ("neither JPEG nor PNG", "truncated header",
// ...), without a file name: the caller knows it.
[[nodiscard]] Header read_header(std::span<const std::byte> encoded);

// Decodes `crop` (the whole image where crop.height is 0) to RGB: grey is repeated, alpha is
// dropped as Pillow's convert("RGB") does, CMYK is converted. A damaged or truncated image is
// Error{kBadData}: never grey filling. Pixels of a crop equal those of the whole image decoded and
// then cropped. Thread-safe.
void decode_rgb(std::span<const std::byte> encoded, const Crop& crop, Image& out);

}  // namespace ringmaster::image
