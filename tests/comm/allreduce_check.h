// Reductions whose sums are known exactly, for any engine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/deadline.h"
#include "comm/engine.h"

namespace ringmaster::testing {

inline Deadline test_deadline() {
  return Deadline::after(std::chrono::seconds(60));
}

// Element `i` of an arena: whole numbers so small that every type above holds the sum of 8 ranks
// exactly.
inline int exact_input(int rank, std::int64_t i, int round) {
  return static_cast<int>((i * 7 + round * 5 + rank * 3) % 16) - 7;
}

namespace detail {

inline std::uint16_t to_half(comm::DType type, int value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (type == comm::DType::kBFloat16) return static_cast<std::uint16_t>(bits >> 16);
  if (value == 0) return 0;
  return static_cast<std::uint16_t>(((bits >> 16) & 0x8000u) |
                                    (((bits & 0x7fffffffu) - 0x38000000u) >> 13));
}

template <typename T>
T read(const void* arena, std::int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(arena) + static_cast<std::size_t>(i) * sizeof(T),
              sizeof(T));
  return value;
}

template <typename T>
void write(void* arena, std::int64_t i, T value) {
  std::memcpy(static_cast<char*>(arena) + static_cast<std::size_t>(i) * sizeof(T), &value,
              sizeof(T));
}

}  // namespace detail

inline void set_element(comm::Engine& engine, std::int64_t i, int value) {
  switch (engine.dtype()) {
    case comm::DType::kFloat32:
      return detail::write(engine.arena(), i, static_cast<float>(value));
    case comm::DType::kFloat64:
      return detail::write(engine.arena(), i, static_cast<double>(value));
    case comm::DType::kFloat16:
    case comm::DType::kBFloat16:
      return detail::write(engine.arena(), i, detail::to_half(engine.dtype(), value));
    case comm::DType::kInt32:
      return detail::write(engine.arena(), i, static_cast<std::int32_t>(value));
    case comm::DType::kInt64:
      return detail::write(engine.arena(), i, static_cast<std::int64_t>(value));
  }
}

// Whether element `i` is `value` (a small whole number), to the bit.
inline bool is_element(comm::Engine& engine, std::int64_t i, int value) {
  switch (engine.dtype()) {
    case comm::DType::kFloat32:
      return detail::read<float>(engine.arena(), i) == static_cast<float>(value);
    case comm::DType::kFloat64:
      return detail::read<double>(engine.arena(), i) == static_cast<double>(value);
    case comm::DType::kFloat16:
    case comm::DType::kBFloat16:
      return detail::read<std::uint16_t>(engine.arena(), i) ==
             detail::to_half(engine.dtype(), value);
    case comm::DType::kInt32:
      return detail::read<std::int32_t>(engine.arena(), i) == value;
    case comm::DType::kInt64:
      return detail::read<std::int64_t>(engine.arena(), i) == value;
  }
  return false;
}

// Several rounds over the same arena, each filling it anew right after the last one's finish(): a
// peer that still read then would get wrong sums. Each round reduces `sizes` one behind the other,
// with a gap of one element that must stay as it is, all in flight at once.
inline void expect_exact_sums(comm::Engine& engine, int rank, int ranks,
                              const std::vector<std::int64_t>& sizes, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    std::int64_t total = 0;
    for (const std::int64_t size : sizes) total += size + 1;
    ASSERT_LE(total, engine.capacity_elems());
    for (std::int64_t i = 0; i < total; ++i) set_element(engine, i, exact_input(rank, i, round));
    comm::Reduction reduction;
    for (const std::int64_t size : sizes) {
      reduction.count_elems = size;
      engine.start(reduction, nullptr);
      ++reduction.index;
      reduction.offset_elems += size + 1;
    }
    engine.finish(nullptr, test_deadline());
    std::int64_t at = 0;
    for (const std::int64_t size : sizes) {
      for (std::int64_t i = at; i < at + size; ++i) {
        int sum = 0;
        for (int other = 0; other < ranks; ++other) sum += exact_input(other, i, round);
        ASSERT_TRUE(is_element(engine, i, sum))
            << "rank " << rank << ", round " << round << ", element " << i << " of " << size;
      }
      at += size;
      ASSERT_TRUE(is_element(engine, at, exact_input(rank, at, round))) << "the gap was written";
      ++at;
    }
  }
}

// Around every boundary of `ranks` chunks and segments of `segment_elems`.
inline std::vector<std::int64_t> boundary_sizes(int ranks, std::int64_t segment_elems) {
  const std::int64_t n = ranks;
  return {0,
          1,
          n - 1,
          n,
          n + 1,
          segment_elems - 1,
          segment_elems,
          segment_elems + 1,
          n * segment_elems - 1,
          n * segment_elems,
          n * segment_elems + 1,
          5 * n * segment_elems + 3};
}

}  // namespace ringmaster::testing
