#include "image/jpeg_row_table.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "image/jpeg_segments.h"

namespace ringmaster::image {
namespace {

constexpr std::array<char, 8> kName = {'R', 'M', 'R', 'O', 'W', 'S', '\0', 1};
constexpr std::size_t kPrefixBytes = 4 + kName.size();  // marker, length, name and version

void append_be(std::vector<std::byte>& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>((value >> shift) & 0xFF));
}

}  // namespace

std::vector<std::byte> encode_row_table(const std::vector<std::uint32_t>& rows) {
  RM_CHECK(rows.size() >= 2 && rows.size() <= kMaxTableRows + 1, rows.size());
  std::vector<std::byte> out = {std::byte{0xFF}, std::byte{kMarkerApp9}};
  append_be(out, static_cast<std::uint32_t>(kPrefixBytes - 2 + 4 * rows.size()), 2);
  for (const char c : kName) out.push_back(static_cast<std::byte>(c));
  for (const std::uint32_t row : rows) append_be(out, row, 4);
  return out;
}

std::vector<std::uint32_t> decode_row_table(std::span<const std::byte> segment) {
  if (segment.size() < kPrefixBytes + 8 || (segment.size() - kPrefixBytes) % 4 != 0 ||
      std::memcmp(segment.data() + 4, kName.data(), kName.size()) != 0)
    return {};
  std::vector<std::uint32_t> rows;
  for (std::size_t at = kPrefixBytes; at < segment.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value * 256 + std::to_integer<std::uint32_t>(segment[at + i]);
    // A row has a byte of data, and all but the last their marker.
    const bool last = at + 4 == segment.size();
    if (rows.empty() ? value != 0 : value <= rows.back() || (!last && value - rows.back() < 3))
      return {};
    rows.push_back(value);
  }
  return rows;
}

std::vector<std::uint32_t> find_rows(std::span<const std::byte> data) {
  std::vector<std::uint32_t> rows = {0};
  for (std::size_t at = 0; at + 1 < data.size();) {
    const void* const found = std::memchr(data.data() + at, 0xFF, data.size() - at - 1);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - data.data());
    const int next = std::to_integer<int>(data[at + 1]);
    if (next == kMarkerEoi) {
      rows.push_back(static_cast<std::uint32_t>(at));
      return rows;
    }
    if (next >= kMarkerRst0 && next < kMarkerRst0 + 8)
      rows.push_back(static_cast<std::uint32_t>(at) + 2);
    at += next == 0xFF ? 1 : 2;
  }
  return {};
}

}  // namespace ringmaster::image
