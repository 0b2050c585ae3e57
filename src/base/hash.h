// 64- and 128-bit content hashes (XXH3, https://github.com/Cyan4973/xxHash): against accidents, not
// against an adversary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ringmaster {

[[nodiscard]] std::uint64_t xxh3_64(std::span<const std::byte> data);
[[nodiscard]] std::uint64_t xxh3_64(std::string_view text);
// 16 lower-case hex digits.
[[nodiscard]] std::string hex64(std::uint64_t value);

// Streaming XXH3-64 and -128 of the same bytes. One thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::span<const std::byte> data);
  void update(std::string_view text);
  [[nodiscard]] std::uint64_t digest64() const;
  [[nodiscard]] std::string hex128() const;  // 32 lower-case hex digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringmaster
