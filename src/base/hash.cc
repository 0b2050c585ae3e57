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

struct Hasher::State {
  alignas(64) XXH3_state_t short_state;
  alignas(64) XXH3_state_t long_state;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->short_state);
  XXH3_128bits_reset(&state_->long_state);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> data) {
  XXH3_64bits_update(&state_->short_state, data.data(), data.size());
  XXH3_128bits_update(&state_->long_state, data.data(), data.size());
}
void Hasher::update(std::string_view text) {
  update(std::as_bytes(std::span(text)));
}

std::uint64_t Hasher::digest64() const {
  return XXH3_64bits_digest(&state_->short_state);
}

std::string Hasher::hex128() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->long_state);
  return hex64(hash.high64) + hex64(hash.low64);
}

}  // namespace ringmaster
