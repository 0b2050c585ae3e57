#include "image/jpeg_rows.h"

#include <algorithm>
#include <array>
#include <optional>

#include "image/jpeg_row_table.h"
#include "image/jpeg_segments.h"

namespace ringmaster::image {
namespace {

bool is_marker(std::span<const std::byte> bytes, std::size_t at, int marker) {
  return bytes[at] == std::byte{0xFF} && bytes[at + 1] == static_cast<std::byte>(marker);
}

// The filter that scales chroma up looks one chroma sample, so two pixels, above and below.
constexpr int kFilterReach = 2;

int restart_marker(int row) {
  return kMarkerRst0 + row % 8;
}

// A sound row-wise JPEG, read as far as cutting needs.
struct RowWise {
  std::vector<JpegSegment> segments;
  JpegFrame frame;
  std::vector<std::uint32_t> rows;  // as in the table
  std::size_t data = 0;             // behind the scan's header
};

std::optional<RowWise> read_row_wise(std::span<const std::byte> encoded) {
  RowWise file{.segments = read_segments(encoded)};
  bool has_frame = false;
  int interval = 0;
  for (const JpegSegment& segment : file.segments) {
    const auto bytes = encoded.subspan(segment.begin, segment.size_bytes);
    if (const auto frame = read_frame(bytes)) {
      file.frame = *frame;
      has_frame = true;
    } else if (segment.marker == kMarkerDri && bytes.size() == 6) {
      interval = std::to_integer<int>(bytes[4]) * 256 + std::to_integer<int>(bytes[5]);
    } else if (segment.marker == kMarkerApp9 && file.rows.empty()) {
      file.rows = decode_row_table(bytes);
    } else if (segment.marker == kMarkerSos) {
      file.data = segment.begin + segment.size_bytes;
    }
  }
  if (!has_frame || file.rows.empty() || interval != file.frame.mcus_per_row() ||
      file.rows.size() != static_cast<std::size_t>(file.frame.mcu_rows()) + 1 ||
      file.rows.back() > encoded.size() - file.data)
    return std::nullopt;
  return file;
}

// All of the header that decoding needs, with the height of the cut.
void copy_header(std::span<const std::byte> encoded, const RowWise& file, int height,
                 std::vector<std::byte>& out) {
  out.assign(encoded.begin(), encoded.begin() + 2);  // SOI
  for (const JpegSegment& segment : file.segments) {
    constexpr std::array kNeeded = {kMarkerSof0, kMarkerSof1, kMarkerDht,  kMarkerSos,
                                    kMarkerDqt,  kMarkerDri,  kMarkerApp0, kMarkerApp14};
    if (std::find(kNeeded.begin(), kNeeded.end(), segment.marker) == kNeeded.end()) continue;
    const std::size_t at = out.size();
    const auto bytes = encoded.subspan(segment.begin, segment.size_bytes);
    out.insert(out.end(), bytes.begin(), bytes.end());
    if (segment.marker == kMarkerSof0 || segment.marker == kMarkerSof1) {
      out[at + 5] = static_cast<std::byte>(height / 256);
      out[at + 6] = static_cast<std::byte>(height % 256);
    }
  }
}

}  // namespace

bool cut_rows(std::span<const std::byte> encoded, const Crop& crop, std::vector<std::byte>& out,
              Crop& in_cut) {
  const auto file = read_row_wise(encoded);
  if (!file) return false;
  const JpegFrame& frame = file->frame;
  if (crop.top < 0 || crop.left < 0 || crop.height < 1 || crop.width < 1 ||
      crop.height > frame.height - crop.top || crop.width > frame.width - crop.left)
    return false;
  const int rows = frame.mcu_rows();
  const int first = std::max(0, crop.top - kFilterReach) / frame.mcu_height;
  const int last = (crop.top + crop.height - 1 + kFilterReach) / frame.mcu_height;
  const int end = std::min(rows, last + 1);
  if (first == 0 && end == rows) return false;
  const int top = first * frame.mcu_height;
  copy_header(encoded, *file, std::min(frame.height, end * frame.mcu_height) - top, out);

  const std::size_t from = file->rows[static_cast<std::size_t>(first)];
  const std::size_t to = file->rows[static_cast<std::size_t>(end)];
  const std::size_t at = out.size();
  const auto data = encoded.subspan(file->data + from, to - from);
  out.insert(out.end(), data.begin(), data.end());
  for (int row = first; row < end && row < rows - 1; ++row) {
    const std::size_t marker = at + file->rows[static_cast<std::size_t>(row) + 1] - from - 2;
    if (!is_marker(out, marker, restart_marker(row))) return false;
    out[marker + 1] = static_cast<std::byte>(restart_marker(row - first));
  }
  if (end < rows) out.resize(out.size() - 2);  // the image ends where a restart marker was
  out.push_back(std::byte{0xFF});
  out.push_back(std::byte{kMarkerEoi});
  in_cut = {crop.top - top, crop.left, crop.height, crop.width};
  return true;
}

}  // namespace ringmaster::image
