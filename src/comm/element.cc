#include "comm/element.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

// A 16-bit float of `mantissa_bits`, the exponent in the other 15 - mantissa_bits (IEEE 754).
struct HalfFormat {
  int mantissa_bits, bias;
};
constexpr HalfFormat kFloat16Format{10, 15}, kBFloat16Format{7, 127};

std::uint16_t to_half(HalfFormat format, int value) {
  if (value == 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);  // in [0.5, 1)
  const auto mantissa = static_cast<int>(std::ldexp(2 * fraction - 1, format.mantissa_bits));
  return static_cast<std::uint16_t>(
      (value < 0 ? 0x8000 : 0) | ((exponent - 1 + format.bias) << format.mantissa_bits) | mantissa);
}

double from_half(HalfFormat format, std::uint16_t bits) {
  const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
  const int exponent = (bits & 0x7fff) >> format.mantissa_bits;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 0x7fff >> format.mantissa_bits) return mantissa == 0 ? sign * INFINITY : NAN;
  const int implied = exponent == 0 ? 0 : 1 << format.mantissa_bits;
  const int scale = (exponent == 0 ? 1 : exponent) - format.bias - format.mantissa_bits;
  return sign * std::ldexp(mantissa + implied, scale);
}

template <typename T>
void put(void* base, std::int64_t index, T value) {
  std::memcpy(static_cast<char*>(base) + static_cast<std::size_t>(index) * sizeof value, &value,
              sizeof value);
}

template <typename T>
T get(const void* base, std::int64_t index) {
  T value;
  std::memcpy(&value,
              static_cast<const char*>(base) + static_cast<std::size_t>(index) * sizeof value,
              sizeof value);
  return value;
}

}  // namespace

void store_element(DType type, void* base, std::int64_t index, int value) {
  RM_CHECK(value >= -256 && value <= 256, "value ", value);
  switch (type) {
    case DType::kFloat32:
      return put(base, index, static_cast<float>(value));
    case DType::kFloat64:
      return put(base, index, static_cast<double>(value));
    case DType::kFloat16:
      return put(base, index, to_half(kFloat16Format, value));
    case DType::kBFloat16:
      return put(base, index, to_half(kBFloat16Format, value));
    case DType::kInt32:
      return put(base, index, static_cast<std::int32_t>(value));
    case DType::kInt64:
      return put(base, index, static_cast<std::int64_t>(value));
  }
}

double load_element(DType type, const void* base, std::int64_t index) {
  switch (type) {
    case DType::kFloat32:
      return get<float>(base, index);
    case DType::kFloat64:
      return get<double>(base, index);
    case DType::kFloat16:
      return from_half(kFloat16Format, get<std::uint16_t>(base, index));
    case DType::kBFloat16:
      return from_half(kBFloat16Format, get<std::uint16_t>(base, index));
    case DType::kInt32:
      return get<std::int32_t>(base, index);
    case DType::kInt64:
      return static_cast<double>(get<std::int64_t>(base, index));
  }
  return NAN;
}

}  // namespace ringmaster::comm
