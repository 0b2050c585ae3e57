// Unsigned integers as little-endian bytes, whatever the machine.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringmaster::shard {

template <std::unsigned_integral T>
void store_le(std::span<std::byte, sizeof(T)> out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[i] = static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
  }
}

template <std::unsigned_integral T>
[[nodiscard]] T load_le(std::span<const std::byte, sizeof(T)> in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<std::uint64_t>(std::to_integer<std::uint8_t>(in[i])) << (8 * i);
  return static_cast<T>(value);
}

template <std::unsigned_integral T>
void append_le(std::vector<std::byte>& out, T value) {
  out.resize(out.size() + sizeof(T));
  store_le<T>(std::span(out).template last<sizeof(T)>(), value);
}

// The T at `offset` of a block. REQUIRES: it lies inside.
template <std::unsigned_integral T>
[[nodiscard]] T load_le_at(std::span<const std::byte> block, std::size_t offset) {
  return load_le<T>(block.subspan(offset).template first<sizeof(T)>());
}
template <std::unsigned_integral T>
void store_le_at(std::span<std::byte> block, std::size_t offset, T value) {
  store_le<T>(block.subspan(offset).template first<sizeof(T)>(), value);
}

}  // namespace ringmaster::shard
