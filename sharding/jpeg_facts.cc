#include "sharding/jpeg_facts.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringmaster::sharding {
namespace {

using Bytes = std::span<const std::byte>;

constexpr unsigned kStartOfScan = 0xda, kExif = 0xe1, kAdobe = 0xee;
constexpr unsigned kOrientationTag = 0x0112, kShort = 3;
constexpr std::size_t kTiffEntryBytes = 12;

unsigned u8(Bytes bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]);
}

std::uint32_t number(Bytes bytes, std::size_t at, std::size_t size, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | u8(bytes, little ? at + size - 1 - i : at + i);
  return value;
}

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// Of the first directory of the TIFF structure in an EXIF segment; 1 where it has none.
int orientation_of(Bytes segment) {
  const std::string_view kName("Exif\0\0", 6);
  if (!begins_with(segment, kName) || segment.size() < kName.size() + 8) return 1;
  const Bytes tiff = segment.subspan(kName.size());
  const bool little = begins_with(tiff, "II");
  const std::size_t directory = number(tiff, 4, 4, little);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries = number(tiff, directory, 2, little);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * kTiffEntryBytes;
    if (at + kTiffEntryBytes > tiff.size()) return 1;
    if (number(tiff, at, 2, little) != kOrientationTag) continue;
    const std::uint32_t value = number(tiff, at + 8, 2, little);
    const bool known = number(tiff, at + 2, 2, little) == kShort && value >= 1 && value <= 8;
    return known ? static_cast<int>(value) : 1;
  }
  return 1;
}

bool is_frame(unsigned marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

void take_segment(unsigned marker, Bytes segment, JpegFacts& facts) {
  if (is_frame(marker) && segment.size() >= 6) {
    facts.components = static_cast<int>(u8(segment, 5));
    facts.progressive = marker == 0xc2;
  } else if (marker == kExif) {
    const int orientation = orientation_of(segment);
    if (orientation != 1) facts.orientation = orientation;
  } else if (marker == kAdobe && begins_with(segment, "Adobe") && segment.size() >= 12) {
    facts.adobe = true;
    facts.adobe_transform = static_cast<int>(u8(segment, 11));
  }
}

}  // namespace

JpegFacts read_jpeg_facts(std::span<const std::byte> encoded) {
  JpegFacts facts;
  std::size_t at = 2;  // behind SOI
  while (at + 4 <= encoded.size() && u8(encoded, at) == 0xff) {
    const unsigned marker = u8(encoded, at + 1);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const std::size_t size = number(encoded, at + 2, 2, /*little=*/false);
    if (marker == kStartOfScan || size < 2 || size > encoded.size() - at - 2) break;
    take_segment(marker, encoded.subspan(at + 4, size - 2), facts);
    at += 2 + size;
  }
  return facts;
}

}  // namespace ringmaster::sharding
