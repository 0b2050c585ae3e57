#include "image/jpeg_segments.h"

#include <algorithm>

namespace ringmaster::image {
namespace {

int byte_at(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<int>(bytes[at]);
}

int u16_at(std::span<const std::byte> bytes, std::size_t at) {
  return byte_at(bytes, at) * 256 + byte_at(bytes, at + 1);
}

}  // namespace

std::vector<JpegSegment> read_segments(std::span<const std::byte> encoded) {
  std::vector<JpegSegment> segments;
  std::size_t at = 2;  // behind SOI
  while (at + 4 <= encoded.size() && byte_at(encoded, at) == 0xFF) {
    const auto marker = static_cast<std::uint8_t>(byte_at(encoded, at + 1));
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const std::size_t size = 2 + static_cast<std::size_t>(u16_at(encoded, at + 2));
    if (marker < kMarkerSof0 || size < 4 || size > encoded.size() - at) return {};
    segments.push_back({marker, at, size});
    if (marker == kMarkerSos) return segments;
    at += size;
  }
  return {};
}

std::optional<JpegFrame> read_frame(std::span<const std::byte> segment) {
  constexpr std::size_t kFixed = 10;  // marker, length, precision, height, width, components
  if (segment.size() < kFixed) return std::nullopt;
  const int marker = byte_at(segment, 1);
  if (marker != kMarkerSof0 && marker != kMarkerSof1) return std::nullopt;
  JpegFrame frame{u16_at(segment, 5), u16_at(segment, 7), 8, 8};
  const int components = byte_at(segment, 9);
  if (components < 1 || components > 4 || frame.height < 1 || frame.width < 1 ||
      segment.size() != kFixed + 3 * static_cast<std::size_t>(components))
    return std::nullopt;
  int across = 1, down = 1;
  for (int c = 0; c < components; ++c) {
    const int factors = byte_at(segment, kFixed + 3 * static_cast<std::size_t>(c) + 1);
    if ((factors >> 4) < 1 || (factors >> 4) > 4 || (factors & 15) < 1 || (factors & 15) > 4)
      return std::nullopt;
    across = std::max(across, factors >> 4);
    down = std::max(down, factors & 15);
  }
  if (components > 1) {
    frame.mcu_width = 8 * across;
    frame.mcu_height = 8 * down;
  }
  return frame;
}

}  // namespace ringmaster::image
