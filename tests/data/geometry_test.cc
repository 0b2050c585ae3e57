#include "data/geometry.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::data {
namespace {

image::Crop draw(Size size, double min_scale, std::uint64_t number) {
  RandomStream random(3, RandomUse::kTest, 0, number);
  return random_resized_crop(size, min_scale, random);
}

TEST(RandomResizedCrop, LiesInTheImageWithinTheRatios) {
  for (const Size size : {Size{375, 500}, {500, 333}, {32, 32}, {5, 900}, {1, 1}, {900, 7}}) {
    for (std::uint64_t i = 0; i < 500; ++i) {
      const image::Crop crop = draw(size, 0.08, i);
      ASSERT_GE(crop.top, 0);
      ASSERT_GE(crop.left, 0);
      ASSERT_GE(crop.height, 1);
      ASSERT_GE(crop.width, 1);
      ASSERT_LE(crop.top + crop.height, size.height);
      ASSERT_LE(crop.left + crop.width, size.width);
    }
  }
}

// In a square image of 1000 nearly every draw fits at the first try when areas are small: area and
// log ratio are uniform then, positions are uniform over what is left.
TEST(RandomResizedCrop, AreaRatioAndPlaceHaveTheirDistributions) {
  constexpr int kDraws = 20000;
  double area = 0, area2 = 0, log_ratio = 0, log_ratio2 = 0, place = 0;
  int kept = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const image::Crop crop = draw({1000, 1000}, 0.08, i);
    const double a = crop.height * static_cast<double>(crop.width) / 1e6;
    if (a > 0.7) continue;  // above, tall ones do not fit
    const double r = std::log(static_cast<double>(crop.width) / crop.height);
    area += a, area2 += a * a, log_ratio += r, log_ratio2 += r * r;
    place += crop.left / (1000.0 - crop.width) + crop.top / (1000.0 - crop.height);
    ++kept;
  }
  const double limit = std::log(4.0 / 3);
  const double n = kept;
  // Of the larger ones, 0.169 of 0.30 fit: those whose |log ratio| is at most -log(area).
  EXPECT_NEAR(n / kDraws, 0.62 / (0.62 + 0.169), 0.015);
  EXPECT_NEAR(area / n, 0.39, 0.01);  // (0.08 + 0.7) / 2
  EXPECT_NEAR(std::sqrt(area2 / n - 0.39 * 0.39), 0.62 / std::sqrt(12), 0.01);
  EXPECT_NEAR(log_ratio / n, 0, 0.01);
  EXPECT_NEAR(std::sqrt(log_ratio2 / n), 2 * limit / std::sqrt(12), 0.005);
  EXPECT_NEAR(place / (2 * n), 0.5, 0.01);
}

TEST(RandomResizedCrop, FallsBackToTheLargestCentredPart) {
  EXPECT_EQ(draw({10, 1000}, 1.0, 0), (image::Crop{0, 493, 10, 13}));  // (1000 - 13) / 2
  EXPECT_EQ(draw({1000, 12}, 1.0, 0), (image::Crop{492, 0, 16, 12}));
}

TEST(ResizeShorter, RoundsTheLongerSideDown) {
  EXPECT_EQ(resize_shorter({375, 500}, 256), (Size{256, 341}));
  EXPECT_EQ(resize_shorter({500, 375}, 256), (Size{341, 256}));
  EXPECT_EQ(resize_shorter({100, 100}, 32), (Size{32, 32}));
  EXPECT_EQ(resize_shorter({3, 10}, 7), (Size{7, 23}));
}

TEST(CentreOffset, RoundsHalvesToEvenAndPadsWhatIsTooSmall) {
  EXPECT_EQ(centre_offset(256, 224), 16);
  EXPECT_EQ(centre_offset(341, 224), 58);  // 58.5
  EXPECT_EQ(centre_offset(343, 224), 60);  // 59.5
  EXPECT_EQ(centre_offset(10, 15), -2);
}

}  // namespace
}  // namespace ringmaster::data
