#include "image/jpeg_encode.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/photo.h"

namespace ringmaster::image {
namespace {

Image photo(int height, int width, int channels) {
  return {height, width, channels, testing::photo_pixels(height, width, channels, 5)};
}

double mean_difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

TEST(JpegEncode, DecodesToNearlyTheSamePixels) {
  const Image image = photo(61, 83, 3);
  std::vector<std::byte> plain, sharp;
  encode_jpeg(image, {.quality = 95}, plain);
  encode_jpeg(image, {.quality = 95, .full_chroma = true}, sharp);
  Image from_plain, from_sharp;
  decode_rgb(plain, {}, from_plain);
  decode_rgb(sharp, {}, from_sharp);
  EXPECT_EQ(from_plain.width, 83);
  EXPECT_EQ(from_plain.height, 61);
  EXPECT_LT(mean_difference(image, from_sharp), mean_difference(image, from_plain));
  EXPECT_LT(mean_difference(image, from_sharp), 3.0);
  EXPECT_GT(sharp.size(), plain.size());
}

TEST(JpegEncode, IsBaselineAndTheSameEachTime) {
  std::vector<std::byte> first, second, larger;
  encode_jpeg(photo(40, 40, 3), {}, first);
  encode_jpeg(photo(40, 40, 3), {}, second);
  encode_jpeg(photo(40, 40, 3), {.optimise = false}, larger);
  EXPECT_EQ(first, second);
  EXPECT_LT(first.size(), larger.size());
  const auto has = [&](unsigned char marker) {
    for (std::size_t i = 0; i + 1 < first.size(); ++i) {
      if (first[i] == std::byte{0xff} && first[i + 1] == std::byte{marker}) return true;
    }
    return false;
  };
  EXPECT_TRUE(has(0xc0));   // SOF0, baseline
  EXPECT_FALSE(has(0xc2));  // SOF2, progressive
}

TEST(JpegEncode, GreyStaysGreyAndImpossibleSizesAreRefused) {
  std::vector<std::byte> out;
  encode_jpeg(photo(30, 20, 1), {}, out);
  EXPECT_EQ(read_header(out).channels, 1);
  EXPECT_THROW(encode_jpeg({1, 70000, 3, std::vector<std::uint8_t>(210000)}, {}, out), Error);
}

}  // namespace
}  // namespace ringmaster::image
