#include "comm/vector_add.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/philox.h"

namespace ringmaster::comm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kAll = 65536;  // 16-bit patterns

// The definition (IEEE 754): sign, exponent, mantissa.
double value_of_half(std::uint16_t bits, int mantissa_bits, int bias) {
  const int exponent_bits = 15 - mantissa_bits;
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  double value = 0;
  if (exponent == (1 << exponent_bits) - 1) {
    value = mantissa == 0 ? kInfinity : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}
double value_of(DType type, std::uint16_t bits) {
  return type == DType::kFloat16 ? value_of_half(bits, 10, 15) : value_of_half(bits, 7, 127);
}

// The nearest 16-bit number to a finite `value`, ties to the even pattern, by search.
std::uint16_t nearest(DType type, double value) {
  const std::uint16_t infinity = type == DType::kFloat16 ? 0x7c00 : 0x7f80;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  std::uint16_t low = 0, high = infinity;  // patterns are ordered as their values
  while (high - low > 1) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (value_of(type, middle) <= magnitude ? low : high) = middle;
  }
  // Beyond the largest finite number the next one would be one step further.
  const double below = value_of(type, low);
  const double step = high == infinity ? below - value_of(type, static_cast<std::uint16_t>(low - 1))
                                       : value_of(type, high) - below;
  const double half = below + step / 2;
  const bool up = magnitude > half || (magnitude == half && (low & 1) != 0);
  return sign | (up ? high : low);
}

class Halves : public ::testing::TestWithParam<DType> {};

TEST_P(Halves, SumsRoundToNearestEvenForEveryPattern) {
  RandomStream random(7, RandomUse::kTest, 0, 0);
  std::vector<std::uint16_t> x(kAll), y(kAll), expected(kAll);
  for (std::int64_t i = 0; i < kAll; ++i) {
    const auto at = static_cast<std::size_t>(i);
    y[at] = static_cast<std::uint16_t>(i);
    // Close in magnitude for ties and cancellation, or anything.
    x[at] = static_cast<std::uint16_t>(random.below(2) == 0 ? i ^ random.below(1 << 12)
                                                            : random.below(kAll));
    const double a = value_of(GetParam(), y[at]), b = value_of(GetParam(), x[at]);
    const float sum = static_cast<float>(a) + static_cast<float>(b);
    expected[at] = std::isfinite(sum) ? nearest(GetParam(), sum) : 0;
  }
  for (const VectorKernels& kernels : all_vector_kernels(GetParam())) {
    std::vector<std::uint16_t> result = y;
    kernels.add(result.data(), x.data(), kAll);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const double a = value_of(GetParam(), y[i]), b = value_of(GetParam(), x[i]);
      const double got = value_of(GetParam(), result[i]);
      const float sum = static_cast<float>(a) + static_cast<float>(b);
      if (std::isnan(sum)) {
        ASSERT_TRUE(std::isnan(got)) << kernels.name << " " << a << " + " << b;
      } else if (std::isinf(sum)) {
        ASSERT_EQ(got, sum) << kernels.name << " " << a << " + " << b;
      } else {
        ASSERT_EQ(result[i], expected[i]) << kernels.name << " " << a << " + " << b;
      }
    }
  }
}

TEST_P(Halves, EveryPatternIsFiniteOrNot) {
  for (const VectorKernels& kernels : all_vector_kernels(GetParam())) {
    for (std::int64_t i = 0; i < kAll; ++i) {
      const auto bits = static_cast<std::uint16_t>(i);
      ASSERT_EQ(kernels.all_finite(&bits, 1), std::isfinite(value_of(GetParam(), bits)))
          << kernels.name << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Halves, ::testing::Values(DType::kFloat16, DType::kBFloat16));

template <typename T>
void expect_exact(DType type, double scale) {
  for (const VectorKernels& kernels : all_vector_kernels(type)) {
    for (const std::int64_t count : {0, 1, 3, 15, 16, 17, 63, 64, 65, 1000}) {
      // A guard element on each side, and an odd offset: unaligned for vectors.
      std::vector<T> y(static_cast<std::size_t>(count) + 2), x(y.size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] = static_cast<T>(static_cast<int>(i % 100) - 50);
        x[i] = static_cast<T>(3 * static_cast<int>(i % 77));
      }
      std::vector<T> sum = y, scaled_sum = y, scaled = y;
      kernels.add(sum.data() + 1, x.data() + 1, count);
      kernels.add_scale(scaled_sum.data() + 1, x.data() + 1, count, scale);
      kernels.scale(scaled.data() + 1, count, scale);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const bool inside = i > 0 && i + 1 < y.size();
        const T factor = static_cast<T>(scale);
        ASSERT_EQ(sum[i], inside ? static_cast<T>(y[i] + x[i]) : y[i]) << kernels.name << " " << i;
        ASSERT_EQ(scaled_sum[i], inside ? static_cast<T>((y[i] + x[i]) * factor) : y[i]);
        ASSERT_EQ(scaled[i], inside ? static_cast<T>(y[i] * factor) : y[i]);
      }
    }
  }
}

TEST(VectorAdd, EveryTypeAndLengthOnEveryInstructionSet) {
  expect_exact<float>(DType::kFloat32, 0.25);
  expect_exact<double>(DType::kFloat64, 0.1);
  expect_exact<std::int32_t>(DType::kInt32, 1);
  expect_exact<std::int64_t>(DType::kInt64, 1);
}

// One bad number at every place of every length, and none: what lies beside does not count.
template <typename T>
void expect_found(DType type, T bad, bool found) {
  for (const VectorKernels& kernels : all_vector_kernels(type)) {
    for (std::size_t count = 0; count < 70; ++count) {
      std::vector<T> values(count + 2, std::numeric_limits<T>::max());
      values.front() = values.back() = bad;
      const auto finite = [&] {
        return kernels.all_finite(values.data() + 1, static_cast<std::int64_t>(count));
      };
      ASSERT_TRUE(finite()) << kernels.name << " " << count;
      for (std::size_t i = 1; i <= count; ++i) {
        values[i] = bad;
        ASSERT_EQ(finite(), !found) << kernels.name << " " << i << " of " << count;
        values[i] =
            i % 2 == 0 ? std::numeric_limits<T>::denorm_min() : std::numeric_limits<T>::lowest();
      }
    }
  }
}

TEST(VectorAdd, FindsWhatIsNotFinite) {
  constexpr double kHuge = std::numeric_limits<double>::infinity();
  for (const float bad : {kInfinity, -kInfinity, std::nanf(""), -std::nanf("7")})
    expect_found<float>(DType::kFloat32, bad, true);
  for (const double bad : {kHuge, -kHuge, std::nan("")})
    expect_found<double>(DType::kFloat64, bad, true);
  expect_found<std::int32_t>(DType::kInt32, 0x7f800000, false);
  expect_found<std::int64_t>(DType::kInt64, 0x7ff0000000000000, false);
}

TEST(VectorAdd, InstructionSetsGiveTheSameBits) {
  constexpr std::size_t kCount = 4099;
  RandomStream random(11, RandomUse::kTest, 0, 0);
  for (const DType type : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    std::vector<std::uint32_t> x(2 * kCount), y(2 * kCount);
    for (auto* values : {&x, &y}) {
      for (std::uint32_t& value : *values) value = random.next_u32() & 0xbfffbfffu;  // no NaN
    }
    const auto sets = all_vector_kernels(type);
    std::vector<std::uint32_t> reference = y;
    sets.back().add_scale(reference.data(), x.data(), kCount, 1.0 / 3);
    for (const VectorKernels& kernels : sets) {
      std::vector<std::uint32_t> result = y;
      kernels.add_scale(result.data(), x.data(), kCount, 1.0 / 3);
      EXPECT_EQ(result, reference) << kernels.name << " " << name_of(type);
    }
  }
}

class Wires : public ::testing::TestWithParam<DType> {};

TEST_P(Wires, EveryPatternIsWidenedAndComesBack) {
  for (const WireKernels& kernels : all_wire_kernels(GetParam())) {
    std::vector<std::uint16_t> all(kAll), back(kAll);
    for (std::int64_t i = 0; i < kAll; ++i)
      all[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(i);
    std::vector<float> wide(kAll);
    kernels.widen(wide.data(), all.data(), kAll);
    kernels.narrow(back.data(), wide.data(), kAll);
    std::vector<float> rounded = wide;
    kernels.round(rounded.data(), kAll);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double value = value_of(GetParam(), all[i]);
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(wide[i]) && std::isnan(rounded[i])) << kernels.name << " " << i;
        ASSERT_TRUE(std::isnan(value_of(GetParam(), back[i]))) << kernels.name << " " << i;
      } else {
        ASSERT_EQ(wide[i], value) << kernels.name;
        ASSERT_EQ(back[i], all[i]) << kernels.name;
        ASSERT_EQ(rounded[i], wide[i]) << kernels.name;
      }
    }
  }
}

// Rounds to nearest even; beyond the largest number to infinity, never to that number.
TEST_P(Wires, FloatsAreRoundedAndOverflowIsInfinite) {
  const bool half = GetParam() == DType::kFloat16;
  RandomStream random(5, RandomUse::kTest, 0, 0);
  std::vector<float> x = {65504.0f,  65519.99f,  65520.0f, -65520.0f, 70000.0f, 3.3e38f, 3.4e38f,
                          kInfinity, -kInfinity, 0.0f,     5.9e-8f,   2.9e-8f,  6.1e-5f, 1e-40f};
  for (int i = 0; i < 50'000; ++i)
    x.push_back(static_cast<float>(random.normal() * std::pow(10, random.uniform(-9, 6))));
  const auto count = static_cast<std::int64_t>(x.size());
  for (const WireKernels& kernels : all_wire_kernels(GetParam())) {
    std::vector<std::uint16_t> wire(x.size());
    kernels.narrow(wire.data(), x.data(), count);
    std::vector<float> rounded = x;
    kernels.round(rounded.data(), count);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected =
          std::isinf(x[i]) ? x[i] : value_of(GetParam(), nearest(GetParam(), x[i]));
      ASSERT_EQ(value_of(GetParam(), wire[i]), expected) << kernels.name << " " << x[i];
      ASSERT_EQ(rounded[i], expected) << kernels.name << " " << x[i];
    }
    EXPECT_EQ(rounded[1], half ? 65504.0f : 65536.0f);
    EXPECT_EQ(rounded[2], half ? kInfinity : 65536.0f);
    EXPECT_EQ(rounded[6], kInfinity);
  }
}

TEST_P(Wires, AreAddedInFloat32) {
  for (const WireKernels& kernels : all_wire_kernels(GetParam())) {
    for (const std::int64_t count : {0, 1, 7, 8, 15, 16, 17, 33, 100}) {
      const auto size = static_cast<std::size_t>(count) + 2;  // a guard on each side, and unaligned
      std::vector<float> y(size), three(size, 3.0f);
      std::vector<std::uint16_t> x(size);
      for (std::size_t i = 0; i < size; ++i) y[i] = 1.0f + static_cast<float>(i) * 0x1p-20f;
      kernels.narrow(x.data(), three.data(), static_cast<std::int64_t>(size));
      std::vector<float> sum = y, scaled = y;
      kernels.add(sum.data() + 1, x.data() + 1, count);
      kernels.add_scale(scaled.data() + 1, x.data() + 1, count, 0.25);
      for (std::size_t i = 0; i < size; ++i) {
        const bool inside = i > 0 && i + 1 < size;
        ASSERT_EQ(sum[i], inside ? y[i] + 3.0f : y[i]) << kernels.name;
        ASSERT_EQ(scaled[i], inside ? (y[i] + 3.0f) * 0.25f : y[i]) << kernels.name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Wires, ::testing::Values(DType::kFloat16, DType::kBFloat16));

TEST(VectorAdd, IntegersWrap) {
  std::int64_t y = std::numeric_limits<std::int64_t>::max();
  const std::int64_t x = 1;
  vector_kernels(DType::kInt64).add(&y, &x, 1);
  EXPECT_EQ(y, std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace ringmaster::comm
