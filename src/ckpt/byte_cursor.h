// Reads little-endian fields from bytes that came from outside: never past their end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"

namespace ringmaster::ckpt {

class ByteCursor {
 public:
  // Refers to `bytes` and to `path`, which stands in the message of Error{kBadData} where the bytes
  // end too early.
  ByteCursor(std::span<const std::byte> bytes, const std::string& path)
      : bytes_(bytes), path_(path) {}

  [[nodiscard]] std::size_t left_bytes() const { return bytes_.size(); }
  std::span<const std::byte> take(std::size_t count_bytes) {
    RM_REQUIRE(count_bytes <= bytes_.size(), ErrorKind::kBadData, path_,
               " is damaged: a field reaches past the end of its record");
    const auto taken = bytes_.first(count_bytes);
    bytes_ = bytes_.subspan(count_bytes);
    return taken;
  }
  void skip(std::size_t count_bytes) { (void)take(count_bytes); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() { return little_endian(8); }

 private:
  std::uint64_t little_endian(std::size_t count_bytes) {
    const auto field = take(count_bytes);
    std::uint64_t value = 0;
    for (std::size_t i = count_bytes; i-- > 0;)
      value = value << 8 | static_cast<std::uint64_t>(field[i]);
    return value;
  }

  std::span<const std::byte> bytes_;
  const std::string& path_;
};

}  // namespace ringmaster::ckpt
