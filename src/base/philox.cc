#include "base/philox.h"

#include <cmath>
#include <numbers>

namespace ringmaster {
namespace {

// Constants of the paper's table 2.
constexpr std::uint32_t kMul0 = 0xD2511F53, kMul1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

// SplitMix64's finaliser: spreads a 64-bit word over 64 bits.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c,
                                        std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = static_cast<std::uint64_t>(kMul0) * c[0];
    const std::uint64_t p1 = static_cast<std::uint64_t>(kMul1) * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k = {k[0] + kWeyl0, k[1] + kWeyl1};
  }
  return c;
}

// The counter has room for b (64 bits) and a block index (32 bits) beside 32 bits of a; a's high
// half goes into the key.
RandomStream::RandomStream(std::uint64_t seed, RandomUse use, std::uint64_t a, std::uint64_t b)
    : a_(a), b_(b) {
  const std::uint64_t word =
      mix(seed + 0x9E3779B97F4A7C15ULL * (static_cast<std::uint64_t>(use) + 1)) ^ mix(a >> 32);
  key_ = {static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)};
}

std::uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    block_ = philox4x32({static_cast<std::uint32_t>(b_), static_cast<std::uint32_t>(b_ >> 32),
                         static_cast<std::uint32_t>(a_), block_index_++},
                        key_);
    used_ = 0;
  }
  return block_[static_cast<std::size_t>(used_++)];
}

std::uint64_t RandomStream::next_u64() {
  const std::uint64_t high = next_u32();
  return (high << 32) | next_u32();
}

double RandomStream::uniform() {
  return (next_u32() >> 8) * 0x1.0p-24;
}

std::uint32_t RandomStream::below(std::uint32_t n) {
  std::uint64_t product = static_cast<std::uint64_t>(next_u32()) * n;
  if (static_cast<std::uint32_t>(product) < n) {
    const std::uint32_t threshold = (0u - n) % n;
    while (static_cast<std::uint32_t>(product) < threshold)
      product = static_cast<std::uint64_t>(next_u32()) * n;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius =
      std::sqrt(-2 * std::log(1 - uniform()));  // 1 - u is in (0, 1]: the log is finite
  const double angle = 2 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

}  // namespace ringmaster
