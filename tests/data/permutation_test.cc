#include "data/permutation.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"

namespace ringmaster::data {
namespace {

std::vector<std::int64_t> all(const Permutation& permutation) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < permutation.size(); ++i) values.push_back(permutation.at(i));
  return values;
}

TEST(Permutation, EverySmallSizeIsABijection) {
  for (std::int64_t n = 1; n <= 300; ++n) {
    auto values = all(Permutation(n, 42, 3));
    std::sort(values.begin(), values.end());
    for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(values[static_cast<std::size_t>(i)], i) << n;
  }
}

TEST(Permutation, InverseUndoesIt) {
  RandomStream random(1, RandomUse::kTest, 0, 0);
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{17}, std::int64_t{1281167},
                               (std::int64_t{1} << 31) + 1, std::int64_t{1} << 40}) {
    const Permutation permutation(n, 5, 1);
    for (int i = 0; i < 2000; ++i) {
      const auto position =
          static_cast<std::int64_t>(random.next_u64() % static_cast<std::uint64_t>(n));
      const std::int64_t value = permutation.at(position);
      ASSERT_TRUE(value >= 0 && value < n) << n;
      ASSERT_EQ(permutation.position_of(value), position) << n;
    }
  }
}

// Chi-squared over the values that stand first, in many seeds; for 1, 5 and 49 degrees of freedom
// a uniform choice stays below with probability 1 - 1e-6.
TEST(Permutation, EveryValueIsEquallyLikelyToBeAnywhere) {
  for (const auto& [n, limit] : {std::pair{2, 23.9}, {6, 36.0}, {50, 110.0}}) {
    constexpr int kDraws = 20000;
    for (const int position : {0, n / 2, n - 1}) {
      std::vector<int> hits(static_cast<std::size_t>(n));
      for (int seed = 0; seed < kDraws; ++seed)
        ++hits[static_cast<std::size_t>(
            Permutation(n, static_cast<std::uint64_t>(seed), 0).at(position))];
      const double expected = static_cast<double>(kDraws) / n;
      double chi2 = 0;
      for (const int hit : hits) chi2 += (hit - expected) * (hit - expected) / expected;
      EXPECT_LT(chi2, limit) << n << " at " << position;
    }
  }
}

// Neighbours in the order must not be neighbours in the data set: of n values, about one in n
// follows the value before it.
TEST(Permutation, NeighboursAreTornApart) {
  const auto values = all(Permutation(100000, 9, 0));
  int followers = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    followers += std::abs(values[i] - values[i - 1]) == 1 ? 1 : 0;
  EXPECT_LT(followers, 20);
  const double mean_of_half = static_cast<double>(std::accumulate(
                                  values.begin(), values.begin() + 50000, std::int64_t{0})) /
                              50000;
  EXPECT_NEAR(mean_of_half, 50000, 600);  // five deviations
}

TEST(Permutation, EpochAndSeedChangeIt) {
  const auto base = all(Permutation(1000, 7, 0));
  EXPECT_EQ(base, all(Permutation(1000, 7, 0)));
  for (const auto& other : {all(Permutation(1000, 7, 1)), all(Permutation(1000, 8, 0))}) {
    int same = 0;
    for (std::size_t i = 0; i < base.size(); ++i) same += base[i] == other[i] ? 1 : 0;
    EXPECT_LT(same, 12);  // one is expected
  }
}

// Recorded runs depend on it.
TEST(Permutation, TheOrderIsFixedForEver) {
  const Permutation permutation(1281167, 42, 5);
  EXPECT_EQ(permutation.at(0), 465781);
  EXPECT_EQ(permutation.at(1), 634219);
  EXPECT_EQ(permutation.at(1281166), 1022803);
}

TEST(Permutation, SizesOutOfRangeAreRefused) {
  EXPECT_THROW(Permutation(0, 1, 0), Error);
  EXPECT_THROW(Permutation((std::int64_t{1} << 40) + 1, 1, 0), Error);
  EXPECT_THROW(static_cast<void>(Permutation(5, 1, 0).at(5)), Error);
}

}  // namespace
}  // namespace ringmaster::data
