// The segments in front of a JPEG's first scan (ITU-T T.81, annex B).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ringmaster::image {

struct JpegSegment {
  std::uint8_t marker = 0;     // the second byte of the marker
  std::size_t begin = 0;       // of the marker, in the file
  std::size_t size_bytes = 0;  // with marker and length
};

inline constexpr std::uint8_t kMarkerSof0 = 0xC0, kMarkerSof1 = 0xC1, kMarkerDht = 0xC4,
                              kMarkerRst0 = 0xD0, kMarkerEoi = 0xD9, kMarkerSos = 0xDA,
                              kMarkerDqt = 0xDB, kMarkerDri = 0xDD, kMarkerApp0 = 0xE0,
                              kMarkerApp9 = 0xE9, kMarkerApp14 = 0xEE;

// Those from SOI (not included) to the first SOS (included). Empty where that can't be read.
[[nodiscard]] std::vector<JpegSegment> read_segments(std::span<const std::byte> encoded);

// What decides how a baseline scan's rows lie. Of a frame with one component a row of MCUs is a row
// of blocks, whatever its sampling factors (T.81, A.2.2).
struct JpegFrame {
  int height = 0, width = 0;
  int mcu_height = 0, mcu_width = 0;  // pixels
  [[nodiscard]] int mcu_rows() const { return (height + mcu_height - 1) / mcu_height; }
  [[nodiscard]] int mcus_per_row() const { return (width + mcu_width - 1) / mcu_width; }
};

// From a SOF0 or SOF1 segment. Empty where it is none or not sound.
[[nodiscard]] std::optional<JpegFrame> read_frame(std::span<const std::byte> segment);

}  // namespace ringmaster::image
