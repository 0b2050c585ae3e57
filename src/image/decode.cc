#include <algorithm>
#include <array>

#include "base/check.h"
#include "image/image.h"
#include "image/jpeg_decode.h"
#include "image/png_decode.h"

namespace ringmaster::image {
namespace {

// First bytes: ITU-T T.81, B.2.1 (SOI and the next marker's FF), and the PNG specification, 5.2.
constexpr std::array<unsigned char, 3> kJpegStart = {0xFF, 0xD8, 0xFF};
constexpr std::array<unsigned char, 8> kPngStart = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <std::size_t N>
bool starts_with(std::span<const std::byte> bytes, const std::array<unsigned char, N>& start) {
  return bytes.size() >= N &&
         std::equal(start.begin(), start.end(), bytes.begin(),
                    [](unsigned char want, std::byte is) { return std::byte{want} == is; });
}

Format format_of(std::span<const std::byte> encoded) {
  if (starts_with(encoded, kJpegStart)) return Format::kJpeg;
  RM_REQUIRE(starts_with(encoded, kPngStart), ErrorKind::kBadData, "neither JPEG nor PNG (",
             encoded.size(), " bytes)");
  return Format::kPng;
}

}  // namespace

Header read_header(std::span<const std::byte> encoded) {
  return format_of(encoded) == Format::kJpeg ? read_jpeg_header(encoded) : read_png_header(encoded);
}

void decode_rgb(std::span<const std::byte> encoded, const Crop& crop, Image& out) {
  if (format_of(encoded) == Format::kJpeg) {
    decode_jpeg(encoded, crop, out);
  } else {
    decode_png(encoded, crop, out);
  }
}

}  // namespace ringmaster::image
