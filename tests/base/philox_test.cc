#include "base/philox.h"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using Counter = std::array<std::uint32_t, 4>;

// Known answers of the authors' Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox4x32({f, f, f, f}, {f, f}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, SameArgumentsSameNumbers) {
  RandomStream a(1, RandomUse::kTest, 2, 3), b(1, RandomUse::kTest, 2, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next_u64(), b.next_u64());
}

TEST(RandomStream, EveryArgumentMatters) {
  std::set<std::uint64_t> firsts;
  const std::vector<std::uint64_t> kWords = {0, 1, 1ULL << 40};
  for (std::uint64_t seed : kWords) {
    for (auto use : {RandomUse::kTest, RandomUse::kAugment}) {
      for (std::uint64_t a : kWords) {
        for (std::uint64_t b : kWords) firsts.insert(RandomStream(seed, use, a, b).next_u64());
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3u * 2 * 3 * 3);
}

TEST(RandomStream, BelowIsUniform) {
  RandomStream stream(7, RandomUse::kTest, 0, 0);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[stream.below(6)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);  // over 4 sigma
}

TEST(RandomStream, NormalHasUnitMoments) {
  RandomStream stream(7, RandomUse::kTest, 0, 1);
  double sum = 0, squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = stream.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.03);
}

}  // namespace
}  // namespace ringmaster
