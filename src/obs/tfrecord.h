// TFRecord framing: how records lie in an event file.
//
//   uint64 length        little-endian
//   uint32 masked CRC    of the 8 bytes of the length
//   bytes  data
//   uint32 masked CRC    of the data
//
// Source: tensorflow/core/lib/io/record_writer.h. masked = ((crc >> 15) | (crc << 17)) +
// 0xa282ead8, so that a CRC of data that holds CRCs stays a good one
// (tensorflow/core/lib/hash/crc32c.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringmaster::obs {

// CRC-32C (Castagnoli: polynomial 0x1edc6f41, reflected, inverted before and after; RFC 3720,
// appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::string_view data);

[[nodiscard]] std::string tfrecord(std::string_view data);

}  // namespace ringmaster::obs
