// An exact permutation of [0, n) by index arithmetic: no list in memory, any element in constant
// time, so every rank and every resumption computes just the part that it needs.
#pragma once

#include <array>
#include <cstdint>

namespace ringmaster::data {

// A balanced Feistel network (Luby and Rackoff, 1988) over the smallest even number of bits that
// holds n, with Philox4x32-10 as the round function; what falls outside of [0, n) is sent through
// again until it falls inside (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite
// domains", CT-RSA 2002, §3), fewer than four times on average. Immutable: any thread may use it.
//
// Do not change the outcome: the order of samples in recorded and resumed runs depends on it.
class Permutation {
 public:
  // `epoch` and `stream` pick one permutation of those of `seed`. REQUIRES: 1 <= n <= 2^40, epoch
  // >= 0.
  Permutation(std::int64_t n, std::uint64_t seed, std::int64_t epoch, std::uint64_t stream = 0);

  [[nodiscard]] std::int64_t size() const { return n_; }
  // What stands at `position`. REQUIRES: 0 <= position < size().
  [[nodiscard]] std::int64_t at(std::int64_t position) const;
  // Where `value` stands: position_of(at(i)) == i. REQUIRES: 0 <= value < size().
  [[nodiscard]] std::int64_t position_of(std::int64_t value) const;

 private:
  [[nodiscard]] std::uint64_t forward(std::uint64_t x) const;
  [[nodiscard]] std::uint64_t backward(std::uint64_t x) const;
  [[nodiscard]] std::uint64_t round(std::uint32_t number, std::uint64_t half) const;

  std::int64_t n_;
  int half_bits_;
  std::uint64_t half_mask_;
  std::array<std::uint32_t, 2> key_;
  std::uint32_t epoch_word_;
};

}  // namespace ringmaster::data
