#include "base/hash.h"

#define XXH_INLINE_ALL
#include <array>
#include <cstdio>

#include <xxhash.h>

namespace ringmaster {

std::uint64_t xxh3_64(std::span<const std::byte> data) {
  return XXH3_64bits(data.data(), data.size());
}
std::uint64_t xxh3_64(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::string hex64(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

// One state for both: as xxhash.h says, the 128-bit variant differs in its last step alone.
struct Hasher::State {
  alignas(64) XXH3_state_t xxh3;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->xxh3);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> data) {
  XXH3_64bits_update(&state_->xxh3, data.data(), data.size());
}
void Hasher::update(std::string_view text) {
  update(std::as_bytes(std::span(text)));
}

std::uint64_t Hasher::digest64() const {
  return XXH3_64bits_digest(&state_->xxh3);
}

std::string Hasher::hex128() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh3);
  return hex64(hash.high64) + hex64(hash.low64);
}

}  // namespace ringmaster
