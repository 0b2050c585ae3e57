// From a packed record to the square of pixels that the network sees.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/seconds.h"
#include "data/augment.h"
#include "data/geometry.h"
#include "data/image_size.h"
#include "data/mix.h"
#include "image/image.h"
#include "shard/dataset.h"

namespace ringmaster::data {

enum class CropKind {
  kRandomResized,  // torchvision's RandomResizedCrop: for photographs
  kPadShift,  // resized to the square, 4 black pixels added around it, a random square cut out of
              // it
  kNone,      // resized to the square
};

// "random_resized", "pad_shift" or "none"; Error{kInvalidArgument} names them.
[[nodiscard]] CropKind parse_crop_kind(const std::string& name);

struct TransformOptions {
  int image_size = 224;   // side of the square
  int eval_resize = 256;  // evaluation: the shorter side before the centre crop; 0: as it is
  CropKind crop = CropKind::kRandomResized;
  double min_scale = 0.08;     // smallest part of the area that kRandomResized takes
  bool flip = true;            // training: mirrored, every other time
  AugmentOptions augment;      // training: after the flip
  double random_erasing = 0;   // training: probability, after normalisation
  SizeSchedule size_by_epoch;  // training: up to image_size
  MixOptions mix;              // training: of whole batches
};

// Error{kInvalidArgument} names the key of a bad value.
void check(const TransformOptions& options);

// Where the time went, in seconds of the thread that did it.
struct StageSeconds {
  double read = 0, decode = 0, resize = 0, augment = 0, write = 0;
  StageSeconds& operator+=(const StageSeconds& other);
  [[nodiscard]] double total() const { return read + decode + resize + augment + write; }
};

// Working memory of one thread, reused from sample to sample.
struct Scratch {
  shard::Record record;
  image::Image decoded, resized, padded, augmented, spare;
  StageSeconds seconds;
};

// A square of RGB pixels inside of someone else's memory (a Scratch's, until its next use).
struct PixelView {
  const std::uint8_t* pixels = nullptr;  // of the top left
  std::size_t row_bytes = 0;             // from one row to the next
  int side = 0;
  bool mirrored = false;  // to be written from right to left
  image::Crop erased;     // of what is written: to become 0 once it is normalised
};

// Immutable: any number of threads, each with a Scratch of its own. Errors are Error{kBadData}
// without the sample's name.
class TrainTransform {
 public:
  TrainTransform(const TransformOptions& options, std::uint64_t seed);
  // Of scratch.record. Every draw is a function of (seed, epoch, sample) alone.
  [[nodiscard]] PixelView apply(std::int64_t epoch, std::int64_t sample, Scratch& scratch) const;

 private:
  // The view's pixels, mirrored and augmented; the view itself where nothing was drawn.
  [[nodiscard]] PixelView augment(const PixelView& view, std::int64_t epoch, std::int64_t sample,
                                  Scratch& scratch) const;

  TransformOptions options_;
  std::uint64_t seed_;
};

// Resize of the shorter side, then the centre: pixel for pixel what torchvision's
// Resize(eval_resize, antialias=True) and CenterCrop(image_size) give.
class EvalTransform {
 public:
  explicit EvalTransform(const TransformOptions& options);
  [[nodiscard]] PixelView apply(Scratch& scratch) const;  // of scratch.record

 private:
  TransformOptions options_;
};

// Adds the time that it lived to a stage.
class StageTimer {
 public:
  explicit StageTimer(double& seconds) : seconds_(seconds), start_(Clock::now()) {}
  ~StageTimer() { seconds_ += seconds_since(start_); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  double& seconds_;
  Clock::time_point start_;
};

}  // namespace ringmaster::data
