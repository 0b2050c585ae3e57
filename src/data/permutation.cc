#include "data/permutation.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/philox.h"

namespace ringmaster::data {
namespace {

constexpr std::int64_t kMaxSize = std::int64_t{1} << 40;
// Four would do for large halves; small ones need more to come near to all permutations.
constexpr std::uint32_t kRounds = 8;

}  // namespace

Permutation::Permutation(std::int64_t n, std::uint64_t seed, std::int64_t epoch,
                         std::uint64_t stream)
    : n_(n) {
  RM_CHECK(n >= 1 && n <= kMaxSize, n, " samples");
  RM_CHECK_LE(0, epoch);
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n - 1)));
  half_bits_ = std::max(2, (bits + 1) / 2);
  half_mask_ = (std::uint64_t{1} << half_bits_) - 1;
  RandomStream key(seed, RandomUse::kSampleOrder, static_cast<std::uint64_t>(epoch), stream);
  key_ = {key.next_u32(), key.next_u32()};
  epoch_word_ = static_cast<std::uint32_t>(epoch);
}

std::uint64_t Permutation::round(std::uint32_t number, std::uint64_t half) const {
  return philox4x32({static_cast<std::uint32_t>(half), number, epoch_word_, 0}, key_)[0] &
         half_mask_;
}

std::uint64_t Permutation::forward(std::uint64_t x) const {
  std::uint64_t left = x >> half_bits_, right = x & half_mask_;
  for (std::uint32_t r = 0; r < kRounds; ++r) {
    const std::uint64_t next = left ^ round(r, right);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::uint64_t Permutation::backward(std::uint64_t x) const {
  std::uint64_t left = x >> half_bits_, right = x & half_mask_;
  for (std::uint32_t r = kRounds; r-- > 0;) {
    const std::uint64_t before = right ^ round(r, left);
    right = left;
    left = before;
  }
  return (left << half_bits_) | right;
}

std::int64_t Permutation::at(std::int64_t position) const {
  RM_CHECK(position >= 0 && position < n_, "position ", position, " of ", n_);
  auto x = static_cast<std::uint64_t>(position);
  do {
    x = forward(x);
  } while (x >= static_cast<std::uint64_t>(n_));
  return static_cast<std::int64_t>(x);
}

std::int64_t Permutation::position_of(std::int64_t value) const {
  RM_CHECK(value >= 0 && value < n_, "value ", value, " of ", n_);
  auto x = static_cast<std::uint64_t>(value);
  do {
    x = backward(x);
  } while (x >= static_cast<std::uint64_t>(n_));
  return static_cast<std::int64_t>(x);
}

}  // namespace ringmaster::data
