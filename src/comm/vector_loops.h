// The loops behind VectorKernels and WireKernels, compiled once per instruction set: each
// vector_add_<set>.cc includes this and is compiled with the options of its set (CMakeLists.txt).
// Everything here is in an unnamed namespace and uses no inline function of the standard library:
// one that is shared between the sets could end up in the program in the version of the newest set,
// and crash on an old processor. Conversions have no branches, so that they vectorise.
#pragma once

#include <cstdint>

#include "comm/vector_add.h"

namespace ringmaster::comm {
namespace {

float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
std::uint32_t bits_of(float value) {
  return __builtin_bit_cast(std::uint32_t, value);
}
std::uint64_t bits_of(double value) {
  return __builtin_bit_cast(std::uint64_t, value);
}
std::uint32_t bits_of(std::uint32_t value) {
  return value;
}
std::uint64_t bits_of(std::uint64_t value) {
  return value;
}

// One of these per element type: how it is stored, and what it is widened to for computing.
template <typename T>
struct Plain {
  using Stored = T;
  using Wide = T;
  static T widen(T value) { return value; }
  static T narrow(T value) { return value; }
};

// Narrowing rounds to nearest even; a NaN stays a quiet NaN and keeps the top of its payload.
struct BFloat16 {
  using Stored = std::uint16_t;
  using Wide = float;
  static float widen(Stored bits) { return float_of(static_cast<std::uint32_t>(bits) << 16); }
  static Stored narrow(float value) {
    const std::uint32_t bits = bits_of(value);
    const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    return static_cast<Stored>(is_nan ? (bits >> 16) | 0x40u : rounded);
  }
};

struct Float16 {
  using Stored = std::uint16_t;
  using Wide = float;
  static float widen(Stored bits) {
    const std::uint32_t sign = (bits & 0x8000u) << 16;
    const std::uint32_t magnitude = bits & 0x7fffu;
    // Moved into float32's fields the exponent is 112 too small; the product corrects it, and makes
    // normal numbers of subnormal ones on the way.
    const std::uint32_t finite = bits_of(float_of(magnitude << 13) * 0x1p112f);
    const std::uint32_t special = 0x7f800000u | (magnitude << 13);
    return float_of(sign | (magnitude >= 0x7c00u ? special : finite));
  }
  static Stored narrow(float value) {
    const std::uint32_t bits = bits_of(value);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    const std::uint32_t rebased = magnitude - 0x38000000u;  // exponent bias 127 -> 15
    const std::uint32_t normal = (rebased + 0xfffu + ((rebased >> 13) & 1u)) >> 13;
    // Added to 0.5, a number below 2^-14 is shifted and rounded by the adder to multiples of 2^-24.
    const std::uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u;
    const std::uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
    std::uint32_t result = magnitude < 0x38800000u ? subnormal : normal;
    result = magnitude >= 0x477ff000u ? 0x7c00u : result;  // from 65520 up: infinity
    result = magnitude > 0x7f800000u ? nan : result;
    return static_cast<Stored>(result | ((bits >> 16) & 0x8000u));
  }
};

template <typename Type>
void add(void* to, const void* from, std::int64_t count_elems) {
  auto* __restrict y = static_cast<typename Type::Stored*>(to);
  const auto* __restrict x = static_cast<const typename Type::Stored*>(from);
  for (std::int64_t i = 0; i < count_elems; ++i) {
    y[i] = Type::narrow(Type::widen(y[i]) + Type::widen(x[i]));
  }
}

template <typename Type>
void add_scale(void* to, const void* from, std::int64_t count_elems, double scale) {
  auto* __restrict y = static_cast<typename Type::Stored*>(to);
  const auto* __restrict x = static_cast<const typename Type::Stored*>(from);
  const auto factor = static_cast<typename Type::Wide>(scale);
  for (std::int64_t i = 0; i < count_elems; ++i) {
    y[i] = Type::narrow((Type::widen(y[i]) + Type::widen(x[i])) * factor);
  }
}

template <typename Type>
void multiply(void* to, std::int64_t count_elems, double scale) {
  auto* __restrict y = static_cast<typename Type::Stored*>(to);
  const auto factor = static_cast<typename Type::Wide>(scale);
  for (std::int64_t i = 0; i < count_elems; ++i) {
    y[i] = Type::narrow(Type::widen(y[i]) * factor);
  }
}

// A number less itself is +0, whose bits are all 0; infinity less infinity, and anything with a
// NaN, is a NaN. Collected as bits, for a sum of floats would not be vectorised.
template <typename Type>
bool all_finite(const void* from, std::int64_t count_elems) {
  const auto* __restrict x = static_cast<const typename Type::Stored*>(from);
  decltype(bits_of(typename Type::Wide())) found = 0;
  for (std::int64_t i = 0; i < count_elems; ++i) {
    const auto value = Type::widen(x[i]);
    found |= bits_of(value - value);
  }
  return found == 0;
}

template <typename Wire>
void narrow_all(void* to, const float* from, std::int64_t count_elems) {
  auto* __restrict y = static_cast<typename Wire::Stored*>(to);
  const auto* __restrict x = from;
  for (std::int64_t i = 0; i < count_elems; ++i) y[i] = Wire::narrow(x[i]);
}

template <typename Wire>
void widen_all(float* to, const void* from, std::int64_t count_elems) {
  auto* __restrict y = to;
  const auto* __restrict x = static_cast<const typename Wire::Stored*>(from);
  for (std::int64_t i = 0; i < count_elems; ++i) y[i] = Wire::widen(x[i]);
}

template <typename Wire>
void add_widened(float* to, const void* from, std::int64_t count_elems) {
  auto* __restrict y = to;
  const auto* __restrict x = static_cast<const typename Wire::Stored*>(from);
  for (std::int64_t i = 0; i < count_elems; ++i) y[i] += Wire::widen(x[i]);
}

template <typename Wire>
void add_scale_widened(float* to, const void* from, std::int64_t count_elems, double scale) {
  auto* __restrict y = to;
  const auto* __restrict x = static_cast<const typename Wire::Stored*>(from);
  const auto factor = static_cast<float>(scale);
  for (std::int64_t i = 0; i < count_elems; ++i) y[i] = (y[i] + Wire::widen(x[i])) * factor;
}

template <typename Wire>
void round_all(float* to, std::int64_t count_elems) {
  auto* __restrict y = to;
  for (std::int64_t i = 0; i < count_elems; ++i) y[i] = Wire::widen(Wire::narrow(y[i]));
}

template <typename Wire>
WireKernels wire_kernels_of(const char* name) {
  return {&narrow_all<Wire>,        &widen_all<Wire>, &add_widened<Wire>,
          &add_scale_widened<Wire>, &round_all<Wire>, name};
}

// float16 unless bfloat16.
WireKernels wire_kernels_for(DType wire, const char* name) {
  return wire == DType::kBFloat16 ? wire_kernels_of<BFloat16>(name)
                                  : wire_kernels_of<Float16>(name);
}

template <typename Type>
VectorKernels kernels_of(const char* name) {
  return {&add<Type>, &add_scale<Type>, &multiply<Type>, &all_finite<Type>, name};
}

// Integers are computed unsigned, so that an overflow wraps instead of being undefined.
VectorKernels kernels_for(DType type, const char* name) {
  switch (type) {
    case DType::kFloat32:
      return kernels_of<Plain<float>>(name);
    case DType::kFloat64:
      return kernels_of<Plain<double>>(name);
    case DType::kFloat16:
      return kernels_of<Float16>(name);
    case DType::kBFloat16:
      return kernels_of<BFloat16>(name);
    case DType::kInt32:
      return kernels_of<Plain<std::uint32_t>>(name);
    case DType::kInt64:
      return kernels_of<Plain<std::uint64_t>>(name);
  }
  return {};
}

}  // namespace
}  // namespace ringmaster::comm
