// links: rm_comm
// The addition kernels on a real GPU, bit for bit against the same arithmetic on the host.
#include "comm/cuda_add.h"

#include <cstring>

#include <gtest/gtest.h>

#include "tests/gpu/device_array.h"
#include "tests/gpu/half_values.h"

namespace ringmaster::testing {
namespace {

// Around 16-byte vectors, blocks and the largest grid.
constexpr std::int64_t kSizes[] = {0, 1, 3, 4, 7, 8, 9, 255, 1024, 4097, 65536, 262145, 9000001};
// Elements by which the two arrays are away from a 16-byte boundary.
constexpr std::int64_t kOffsets[][2] = {{0, 0}, {1, 1}, {3, 3}, {7, 7}, {0, 1}, {5, 2}};
constexpr std::int64_t kGuard = 64;  // elements behind the range that must stay as they are
constexpr std::int64_t kRoom = 9000001 + 8 + kGuard;

template <typename T>
std::vector<T> noise(std::uint32_t seed) {
  std::vector<T> values(static_cast<std::size_t>(kRoom));
  std::uint32_t state = seed;
  for (T& value : values) {
    state = state * 1664525U + 1013904223U;
    value = TypeOf<T>::store(static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-28F);
  }
  return values;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <typename T>
class CudaAdd : public ::testing::Test {
 protected:
  const std::vector<T> sum_ = noise<T>(1);
  const std::vector<T> addend_ = noise<T>(2);
  DeviceArray device_sum_{kRoom * sizeof(T)};
  DeviceArray device_addend_{kRoom * sizeof(T)};
};

using Types = ::testing::Types<float, __half, __nv_bfloat16>;
TYPED_TEST_SUITE(CudaAdd, Types);

TYPED_TEST(CudaAdd, AddsAndScalesAsTheHostDoes) {
  using T = TypeOf<TypeParam>;
  copy_to_device(this->device_addend_.data(), this->addend_);
  std::vector<TypeParam> result(this->sum_.size());
  for (const std::int64_t size : kSizes) {
    for (const auto& [at, from] : kOffsets) {
      const float scale = size % 2 == 0 ? 1.0F : 1.0F / 3;
      copy_to_device(this->device_sum_.data(), this->sum_);
      ASSERT_EQ(comm::launch_add(T::kType, this->device_sum_.data() + at * sizeof(TypeParam),
                                 this->device_addend_.data() + from * sizeof(TypeParam), size,
                                 scale, nullptr),
                cudaSuccess);
      copy_to_host(result, this->device_sum_.data());
      std::vector<TypeParam> expected = this->sum_;
      for (std::int64_t i = 0; i < size; ++i) {
        auto& value = expected[static_cast<std::size_t>(at + i)];
        const float other = T::load(this->addend_[static_cast<std::size_t>(from + i)]);
        value = T::store(scale * (T::load(value) + other));
      }
      ASSERT_TRUE(same_bits(result, expected)) << size << " elements at " << at << ", " << from;
    }
  }
}

TYPED_TEST(CudaAdd, ScalesAsTheHostDoes) {
  using T = TypeOf<TypeParam>;
  std::vector<TypeParam> result(this->sum_.size());
  for (const std::int64_t size : kSizes) {
    const std::int64_t at = size % 5;
    copy_to_device(this->device_sum_.data(), this->sum_);
    ASSERT_EQ(comm::launch_scale(T::kType, this->device_sum_.data() + at * sizeof(TypeParam), size,
                                 1.0F / 3, nullptr),
              cudaSuccess);
    copy_to_host(result, this->device_sum_.data());
    std::vector<TypeParam> expected = this->sum_;
    for (std::int64_t i = 0; i < size; ++i) {
      auto& value = expected[static_cast<std::size_t>(at + i)];
      value = T::store(1.0F / 3 * T::load(value));
    }
    ASSERT_TRUE(same_bits(result, expected)) << size << " elements";
  }
}

template <typename T>
class CudaRound : public CudaAdd<T> {
 protected:
  // `values` floats and their rounded companions on the device; what the kernels made of them.
  void copy_in(const std::vector<float>& values, const std::vector<T>& wire) {
    copy_to_device(device_values_.data(), values);
    copy_to_device(device_wire_.data(), wire);
  }
  float* values() { return reinterpret_cast<float*>(device_values_.data()); }
  std::byte* wire(std::int64_t at) { return device_wire_.data() + at * sizeof(T); }

  const std::vector<float> floats_ = noise<float>(3);
  const std::vector<T> wire_ = noise<T>(4);
  DeviceArray device_values_{kRoom * sizeof(float)};
  DeviceArray device_wire_{kRoom * sizeof(T)};
};

using WireTypes = ::testing::Types<__half, __nv_bfloat16>;
TYPED_TEST_SUITE(CudaRound, WireTypes);

// Noise reaches to 8; this makes some of it too large for a half.
TYPED_TEST(CudaRound, RoundsAsTheHostDoes) {
  using T = TypeOf<TypeParam>;
  for (const std::int64_t size : kSizes) {
    for (const std::int64_t at : {0, 1, 8}) {
      std::vector<float> floats = this->floats_;
      for (std::size_t i = 0; i < floats.size(); i += 97) floats[i] *= 10000;
      std::vector<TypeParam> wire = this->wire_;
      this->copy_in(floats, wire);
      ASSERT_EQ(comm::launch_add_rounded(T::kType, this->values() + at, this->wire(at),
                                         this->wire(at), size, 0.5F, nullptr),
                cudaSuccess);
      for (auto i = static_cast<std::size_t>(at); i < static_cast<std::size_t>(at + size); ++i) {
        floats[i] = 0.5F * (floats[i] + T::load(wire[i]));
        wire[i] = T::store(floats[i]);
      }
      std::vector<float> got_floats(floats.size());
      std::vector<TypeParam> got_wire(wire.size());
      copy_to_host(got_floats, this->device_values_.data());
      copy_to_host(got_wire, this->device_wire_.data());
      ASSERT_TRUE(same_bits(got_floats, floats)) << size << " elements at " << at;
      ASSERT_TRUE(same_bits(got_wire, wire)) << size << " elements at " << at;
    }
  }
}

TYPED_TEST(CudaRound, NarrowsAndWidensAsTheHostDoes) {
  using T = TypeOf<TypeParam>;
  for (const std::int64_t size : kSizes) {
    for (const std::int64_t at : {0, 3, 8}) {
      std::vector<float> floats = this->floats_;
      std::vector<TypeParam> wire = this->wire_;
      this->copy_in(floats, wire);
      ASSERT_EQ(comm::launch_narrow(T::kType, this->values() + at, this->wire(at), size, nullptr),
                cudaSuccess);
      ASSERT_EQ(comm::launch_widen(T::kType, this->values() + at, this->wire(at), size, nullptr),
                cudaSuccess);
      for (auto i = static_cast<std::size_t>(at); i < static_cast<std::size_t>(at + size); ++i) {
        wire[i] = T::store(floats[i]);
        floats[i] = T::load(wire[i]);
      }
      std::vector<float> got_floats(floats.size());
      std::vector<TypeParam> got_wire(wire.size());
      copy_to_host(got_floats, this->device_values_.data());
      copy_to_host(got_wire, this->device_wire_.data());
      ASSERT_TRUE(same_bits(got_floats, floats)) << size << " elements at " << at;
      ASSERT_TRUE(same_bits(got_wire, wire)) << size << " elements at " << at;
    }
  }
}

TEST(CudaAddRefusal, OtherTypes) {
  EXPECT_EQ(comm::launch_add(comm::DType::kInt64, nullptr, nullptr, 1, 1.0F, nullptr),
            cudaErrorInvalidValue);
}

}  // namespace
}  // namespace ringmaster::testing
