// The segment that says where the rows of a JPEG begin; jpeg_rows.h has its layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringmaster::image {

// Rows that one segment has room for.
inline constexpr std::size_t kMaxTableRows = 16380;

// The segment, from marker to end. REQUIRES: 2 <= rows.size() <= kMaxTableRows + 1.
[[nodiscard]] std::vector<std::byte> encode_row_table(const std::vector<std::uint32_t>& rows);
// Empty where the segment is another program's, or its numbers don't grow by 3 bytes at least.
[[nodiscard]] std::vector<std::uint32_t> decode_row_table(std::span<const std::byte> segment);
// Where the rows of entropy-coded `data` begin, and the last one ends: behind each restart marker,
// and at the end marker. Empty where there is no end marker.
[[nodiscard]] std::vector<std::uint32_t> find_rows(std::span<const std::byte> data);

}  // namespace ringmaster::image
