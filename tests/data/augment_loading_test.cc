// What training does to images, through the loader: the same on any number of workers and ranks.
#include <set>

#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/loader.h"
#include "data/network_input.h"
#include "tests/support/memory_dataset.h"
#include "tests/support/photo.h"

namespace ringmaster::data {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kSamples = 96, kGlobalBatch = 24;

class Augmented : public ::testing::Test {
 protected:
  Augmented() {
    for (std::uint32_t i = 0; i < kSamples; ++i)
      dataset_.add_raw(40, 50, 3, i % 7, testing::photo_pixels(40, 50, 3, i));
    transform_.image_size = 32;
    transform_.augment.kind = AugmentKind::kAutoAugment;
    transform_.random_erasing = 0.5;
    transform_.mix = {0.4, 1.0, 0.5};
  }

  std::unique_ptr<TrainLoader> loader(int workers = 0, int ranks = 1, int rank = 0, int micros = 1,
                                      bool raw_u8 = false) {
    LoaderOptions options;
    options.workers = workers;
    options.raw_u8 = raw_u8;
    const EpochPlan plan({kSamples, kGlobalBatch, ranks, micros, 5});
    return std::make_unique<TrainLoader>(dataset_, plan, rank, transform_, options);
  }

  // What the network sees of an epoch, and the targets' weights: steps in order, ranks and
  // micro-batches within.
  std::pair<at::Tensor, at::Tensor> seen(int workers, int ranks, int micros, bool raw_u8 = false) {
    std::vector<std::unique_ptr<TrainLoader>> loaders;
    for (int rank = 0; rank < ranks; ++rank) {
      loaders.push_back(loader(workers, ranks, rank, micros, raw_u8));
      loaders.back()->start_epoch(3);
    }
    std::vector<at::Tensor> images, weights;
    for (std::int64_t step = 0; step < kSamples / kGlobalBatch; ++step) {
      for (auto& each : loaders) {
        for (int micro = 0; micro < micros; ++micro) {
          const auto batch = each->next();
          images.push_back(network_input(*batch, at::kCPU).clone());
          weights.push_back(mix_targets(batch->targets, batch->mix, 7));
        }
      }
    }
    for (auto& each : loaders) EXPECT_FALSE(each->next());
    return {at::cat(images), at::cat(weights)};
  }

  std::string refusal() {
    try {
      loader();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "";
  }

  testing::MemoryDataset dataset_;
  TransformOptions transform_;
};

TEST_F(Augmented, WorkersRanksAndMicroBatchesSeeTheSame) {
  for (const AugmentKind kind :
       {AugmentKind::kAutoAugment, AugmentKind::kRandAugment, AugmentKind::kTrivialAugment}) {
    transform_.augment.kind = kind;
    const auto [images, weights] = seen(0, 1, 1);
    EXPECT_EQ(images.size(0), kSamples);
    for (const auto& [workers, ranks, micros] :
         std::vector<std::tuple<int, int, int>>{{3, 1, 1}, {0, 2, 1}, {1, 3, 2}, {0, 4, 3}}) {
      const auto [other_images, other_weights] = seen(workers, ranks, micros);
      EXPECT_TRUE(at::equal(images, other_images)) << workers << " " << ranks << " " << micros;
      EXPECT_TRUE(at::equal(weights, other_weights)) << workers << " " << ranks << " " << micros;
    }
  }
}

TEST_F(Augmented, EveryPartChangesWhatIsSeen) {
  const at::Tensor all = seen(0, 1, 1).first;
  const auto differs = [&](const auto& change) {
    const TransformOptions before = transform_;
    change(transform_);
    const bool result = !at::equal(seen(0, 1, 1).first, all);
    transform_ = before;
    return result;
  };
  EXPECT_FALSE(differs([](TransformOptions&) {}));
  EXPECT_TRUE(differs([](TransformOptions& o) { o.augment.kind = AugmentKind::kNone; }));
  EXPECT_TRUE(differs([](TransformOptions& o) { o.random_erasing = 0; }));
  EXPECT_TRUE(differs([](TransformOptions& o) { o.mix.mixup_alpha = 0; }));
  EXPECT_TRUE(differs([](TransformOptions& o) { o.mix.cutmix_alpha = 0; }));
  EXPECT_TRUE(differs([](TransformOptions& o) { o.mix.switch_probability = 0; }));
}

TEST_F(Augmented, BytesBecomeWhatFloatsAre) {
  const at::Tensor floats = seen(0, 1, 1).first, bytes = seen(0, 1, 1, true).first;
  EXPECT_TRUE(at::allclose(floats, bytes, 0, 1e-5));
}

TEST_F(Augmented, ErasedPixelsAreZeroOnceNormalised) {
  transform_.augment.kind = AugmentKind::kNone;
  transform_.mix = {};
  const at::Tensor with = seen(0, 1, 1).first;
  transform_.random_erasing = 0;
  const at::Tensor without = seen(0, 1, 1).first;
  int erased = 0;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const at::Tensor changed = with[i].ne(without[i]);
    if (!changed.any().item<bool>()) continue;
    ++erased;
    EXPECT_TRUE(with[i].masked_select(changed).eq(0).all().item<bool>());
    const double share = changed.to(at::kDouble).mean().item<double>();
    EXPECT_GT(share, 0.01);
    EXPECT_LT(share, 0.4);
  }
  EXPECT_NEAR(erased, kSamples / 2, 25);  // five deviations
}

TEST_F(Augmented, TheImageAfterAnErasedOneIsNotErased) {
  transform_.random_erasing = 1;
  const TrainTransform always(transform_, 1);
  transform_.random_erasing = 0;
  const TrainTransform never(transform_, 1);
  Scratch scratch;
  dataset_.read(0, scratch.record);
  EXPECT_GT(always.apply(0, 0, scratch).erased.height, 0);
  EXPECT_EQ(never.apply(0, 0, scratch).erased.height, 0);
}

// A mirrored image is sheared as if it had been mirrored before: torchvision flips first.
TEST_F(Augmented, FlipsComeBeforeOperations) {
  transform_.crop = CropKind::kNone;
  transform_.random_erasing = 0;
  transform_.image_size = 40;
  testing::MemoryDataset squares;
  const auto pixels = testing::photo_pixels(40, 40, 3, 1);
  squares.add_raw(40, 40, 3, 0, pixels);
  Scratch scratch;
  int compared = 0;
  for (std::int64_t epoch = 0; epoch < 60; ++epoch) {
    squares.read(0, scratch.record);
    transform_.augment.kind = AugmentKind::kNone;
    image::Image expected{40, 40, 3, std::vector<std::uint8_t>(pixels.size())}, spare;
    write_bytes(TrainTransform(transform_, 1).apply(epoch, 0, scratch), expected.pixels.data());
    transform_.augment.kind = AugmentKind::kAutoAugment;
    RandomStream random(1, RandomUse::kAugmentOps, static_cast<std::uint64_t>(epoch), 0);
    const AugmentSteps steps = draw_augment(transform_.augment, 40, random);
    for (const AugmentStep& step : steps.all())
      image::apply(step.op, step.magnitude, expected, spare);
    std::vector<std::uint8_t> ours(pixels.size());
    write_bytes(TrainTransform(transform_, 1).apply(epoch, 0, scratch), ours.data());
    ASSERT_EQ(ours, expected.pixels) << epoch;
    compared += steps.all().empty() ? 0 : 1;
  }
  EXPECT_GT(compared, 30);
}

TEST_F(Augmented, ImagesGrowWithTheEpoch) {
  transform_.image_size = 160;
  transform_.size_by_epoch = {96, 1, 5};
  const auto training = loader();
  std::vector<std::int64_t> sides;
  for (std::int64_t epoch = 0; epoch < 7; ++epoch) {
    training->start_epoch(epoch);
    sides.push_back(training->next()->images.size(2));
  }
  EXPECT_EQ(sides, (std::vector<std::int64_t>{96, 96, 128, 128, 128, 160, 160}));
  // Entered in its middle by a new loader, an epoch is what it was.
  training->start_epoch(3, 2);
  const auto resumed = loader();
  resumed->start_epoch(3);
  static_cast<void>(resumed->next());
  static_cast<void>(resumed->next());
  EXPECT_TRUE(at::equal(network_input(*training->next(), at::kCPU),
                        network_input(*resumed->next(), at::kCPU)));
}

TEST_F(Augmented, BadOptionsNameTheirKey) {
  EXPECT_EQ(refusal(), "");
  const TransformOptions good = transform_;
  const auto refused = [&](const auto& change) {
    transform_ = good;
    change(transform_);
    return refusal();
  };
  EXPECT_THAT(refused([](TransformOptions& o) { o.random_erasing = 1.5; }),
              HasSubstr("random_erasing 1.5"));
  EXPECT_THAT(refused([](TransformOptions& o) { o.augment.randaugment_ops = 17; }),
              HasSubstr("randaugment_ops 17"));
  EXPECT_THAT(refused([](TransformOptions& o) { o.augment.randaugment_magnitude = 31; }),
              HasSubstr("randaugment_magnitude 31"));
  EXPECT_THAT(refused([](TransformOptions& o) { o.mix.mixup_alpha = -1; }),
              HasSubstr("mixup_alpha -1"));
  EXPECT_THAT(refused([](TransformOptions& o) { o.mix.cutmix_alpha = 0.001; }),
              HasSubstr("cutmix_alpha 0.001"));
  EXPECT_THAT(refused([](TransformOptions& o) { o.mix.switch_probability = 2; }),
              HasSubstr("mix_switch_probability 2"));
  EXPECT_THAT(refused([](TransformOptions& o) {
                o.size_by_epoch = {64, 0, 5};
              }),
              HasSubstr("min_image_size 64"));
  EXPECT_THAT(refused([](TransformOptions& o) {
                o.size_by_epoch = {16, 5, 5};
              }),
              HasSubstr("resize_start_epoch 5"));
  EXPECT_THROW(static_cast<void>(parse_augment_kind("auto")), Error);
}

TEST_F(Augmented, AnOddMicroBatchCanNotBePaired) {
  EXPECT_THROW(loader(0, 8), Error);  // 3 images
  transform_.mix = {};
  EXPECT_NO_THROW(loader(0, 8));
}

}  // namespace
}  // namespace ringmaster::data
