#include "data/transform.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/normalise.h"
#include "tests/support/memory_dataset.h"
#include "tests/support/photo.h"

namespace ringmaster::data {
namespace {

using ::testing::HasSubstr;
using Pixels = std::vector<std::uint8_t>;

// What `transform` writes of one raw sample.
template <typename Apply>
Pixels written(int height, int width, int channels, const Pixels& pixels, const Apply& apply) {
  testing::MemoryDataset dataset;
  dataset.add_raw(height, width, channels, 0, pixels);
  Scratch scratch;
  dataset.read(0, scratch.record);
  const PixelView view = apply(scratch);
  Pixels out(static_cast<std::size_t>(view.side * view.side * 3));
  write_bytes(view, out.data());
  return out;
}

Pixels train(const TransformOptions& options, std::int64_t epoch, int side, const Pixels& pixels) {
  const TrainTransform transform(options, 4);
  return written(side, side, 3, pixels,
                 [&](Scratch& scratch) { return transform.apply(epoch, 7, scratch); });
}

Pixels mirror(const Pixels& pixels, int side) {
  Pixels out;
  for (int y = 0; y < side; ++y) {
    for (int x = side - 1; x >= 0; --x) {
      const auto* from = pixels.data() + 3 * (y * side + x);
      out.insert(out.end(), from, from + 3);
    }
  }
  return out;
}

TransformOptions options_of(CropKind crop, int side, bool flip) {
  TransformOptions options;
  options.crop = crop;
  options.image_size = side;
  options.flip = flip;
  return options;
}

TEST(TrainTransform, WithoutCropAndFlipTheImageIsAsItWas) {
  const Pixels pixels = testing::photo_pixels(20, 20, 3, 1);
  EXPECT_EQ(train(options_of(CropKind::kNone, 20, false), 0, 20, pixels), pixels);
}

TEST(TrainTransform, FlipsEveryOtherTime) {
  const Pixels pixels = testing::photo_pixels(20, 20, 3, 1), flipped = mirror(pixels, 20);
  int flips = 0;
  for (std::int64_t epoch = 0; epoch < 400; ++epoch) {
    const Pixels out = train(options_of(CropKind::kNone, 20, true), epoch, 20, pixels);
    ASSERT_TRUE(out == pixels || out == flipped);
    flips += out == flipped ? 1 : 0;
  }
  EXPECT_NEAR(flips, 200, 50);  // five deviations
}

TEST(TrainTransform, PadShiftMovesByUpToFourAndFillsWithBlack) {
  constexpr int kSide = 12;
  const Pixels pixels(kSide * kSide * 3, 200);
  std::set<std::pair<int, int>> shifts;
  for (std::int64_t epoch = 0; epoch < 800; ++epoch) {
    const Pixels out = train(options_of(CropKind::kPadShift, kSide, false), epoch, kSide, pixels);
    // Rows and columns of black on each side say where the image went.
    const auto black = [&](int y, int x) {
      return out[static_cast<std::size_t>(3 * (y * kSide + x))] == 0;
    };
    int above = 0, below = 0, left = 0, right = 0;
    while (black(above, kSide / 2)) ++above;
    while (black(kSide - 1 - below, kSide / 2)) ++below;
    while (black(kSide / 2, left)) ++left;
    while (black(kSide / 2, kSide - 1 - right)) ++right;
    ASSERT_LE(std::max(above, below), 4);
    ASSERT_LE(std::max(left, right), 4);
    shifts.insert({above - below, left - right});
  }
  EXPECT_EQ(shifts.size(), 81u);
}

TEST(TrainTransform, SmallImagesAreResizedFirst) {
  EXPECT_EQ(train(options_of(CropKind::kPadShift, 32, true), 0, 28, Pixels(28 * 28 * 3, 9)).size(),
            32u * 32 * 3);
}

TEST(TrainTransform, DrawsDependOnSeedEpochAndSample) {
  const Pixels pixels = testing::photo_pixels(40, 40, 3, 1);
  const auto options = options_of(CropKind::kRandomResized, 16, true);
  const auto at = [&](std::uint64_t seed, std::int64_t epoch, std::int64_t sample) {
    const TrainTransform transform(options, seed);
    return written(40, 40, 3, pixels,
                   [&](Scratch& scratch) { return transform.apply(epoch, sample, scratch); });
  };
  EXPECT_EQ(at(1, 2, 3), at(1, 2, 3));
  EXPECT_NE(at(1, 2, 3), at(2, 2, 3));
  EXPECT_NE(at(1, 2, 3), at(1, 3, 3));
  EXPECT_NE(at(1, 2, 3), at(1, 2, 4));
}

TEST(TrainTransform, GreyBecomesThreeChannels) {
  const Pixels grey = testing::photo_pixels(10, 10, 1, 1);
  const TrainTransform transform(options_of(CropKind::kNone, 10, false), 0);
  const Pixels out =
      written(10, 10, 1, grey, [&](Scratch& scratch) { return transform.apply(0, 0, scratch); });
  for (std::size_t i = 0; i < grey.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(out[3 * i + c], grey[i]);
  }
}

// Resized to one pixel, a crop becomes its mean, and so says where it was.
TEST(TrainTransform, RawCropsAreCutWhereTheyShould) {
  Pixels pixels;  // each pixel says where it is
  for (int y = 0; y < 50; ++y) {
    for (int x = 0; x < 50; ++x)
      pixels.insert(pixels.end(), {static_cast<std::uint8_t>(y), static_cast<std::uint8_t>(x), 0});
  }
  const auto options = options_of(CropKind::kRandomResized, 1, false);
  for (std::int64_t epoch = 0; epoch < 50; ++epoch) {
    RandomStream random(4, RandomUse::kAugment, static_cast<std::uint64_t>(epoch), 7);
    const image::Crop crop = random_resized_crop({50, 50}, options.min_scale, random);
    const Pixels out = train(options, epoch, 50, pixels);
    EXPECT_NEAR(out[0], crop.top + (crop.height - 1) / 2.0, 1);
    EXPECT_NEAR(out[1], crop.left + (crop.width - 1) / 2.0, 1);
  }
}

TEST(Transforms, RawBytesThatDoNotMakeTheImageAreAnError) {
  const TrainTransform transform(options_of(CropKind::kNone, 10, false), 0);
  const auto apply = [&](Scratch& scratch) { return transform.apply(0, 0, scratch); };
  EXPECT_THROW(written(10, 10, 3, Pixels(299), apply), Error);
  EXPECT_THROW(written(10, 10, 2, Pixels(200), apply), Error);
}

TEST(EvalTransform, WithoutResizeTheCentreIsCut) {
  auto options = options_of(CropKind::kNone, 4, false);
  options.eval_resize = 0;
  const EvalTransform transform(options);
  Pixels pixels(6 * 6 * 3, 1);
  for (int y = 1; y < 5; ++y) {
    for (int x = 3; x < 15; ++x) pixels[static_cast<std::size_t>(18 * y + x)] = 7;
  }
  const Pixels out =
      written(6, 6, 3, pixels, [&](Scratch& scratch) { return transform.apply(scratch); });
  EXPECT_EQ(out, Pixels(48, 7));
}

TEST(EvalTransform, AnImageTooThinToBeResizedIsAnError) {
  auto options = options_of(CropKind::kNone, 224, false);
  options.eval_resize = 4096;
  const EvalTransform transform(options);
  const auto apply = [&](Scratch& scratch) { return transform.apply(scratch); };
  EXPECT_THROW(written(1, 60000, 3, Pixels(180000), apply), Error);
}

TEST(TransformOptions, BadValuesNameTheirKey) {
  const auto refusal = [](const TransformOptions& options) -> std::string {
    try {
      check(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "";
  };
  TransformOptions options;
  EXPECT_EQ(refusal(options), "");
  options.image_size = 0;
  EXPECT_THAT(refusal(options), HasSubstr("image_size 0"));
  options = {};
  options.min_scale = 1.5;
  EXPECT_THAT(refusal(options), HasSubstr("min_scale 1.5"));
  options = {};
  options.eval_resize = -1;
  EXPECT_THAT(refusal(options), HasSubstr("eval_resize -1"));
  EXPECT_THROW(static_cast<void>(parse_crop_kind("centre")), Error);
  EXPECT_EQ(parse_crop_kind("pad_shift"), CropKind::kPadShift);
}

TEST(WriteFloat, IsPixelMinusMeanOverDeviation) {
  const Pixels pixels = testing::photo_pixels(21, 21, 3, 3);  // rows are no multiple of a vector
  const Normalisation n;
  for (const bool mirrored : {false, true}) {
    std::vector<float> out(pixels.size());
    write_float({pixels.data(), 63, 21, mirrored}, n, out.data());
    const Pixels expected = mirrored ? mirror(pixels, 21) : pixels;
    for (std::size_t i = 0; i < out.size(); ++i)
      ASSERT_NEAR(out[i], (expected[i] / 255.0 - n.mean[i % 3]) / n.deviation[i % 3], 1e-6);
  }
}

}  // namespace
}  // namespace ringmaster::data
