#include "data/transform.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/philox.h"
#include "data/erasing.h"
#include "data/normalise.h"
#include "data/pixels.h"
#include "image/resize.h"

namespace ringmaster::data {
namespace {

constexpr int kPad = 4;  // He et al., "Deep residual learning for image recognition", §4.2
constexpr int kMaxSide = 4096;
// A long thin image grows with its shorter side.
constexpr std::int64_t kMaxResizedPixels = std::int64_t{1} << 28;

PixelView view_of(const image::Image& source, int top, int left, int side) {
  const auto row_bytes = static_cast<std::size_t>(source.width) * 3;
  return {source.pixels.data() + static_cast<std::size_t>(top) * row_bytes +
              static_cast<std::size_t>(left) * 3,
          row_bytes,
          side,
          false,
          {}};
}

// `source` in the middle of a black image that is at least as large.
void pad(const image::Image& source, Size size, int top, int left, image::Image& out) {
  out.height = size.height;
  out.width = size.width;
  out.channels = 3;
  const auto row_bytes = static_cast<std::size_t>(size.width) * 3;
  const auto source_row_bytes = static_cast<std::size_t>(source.width) * 3;
  out.pixels.assign(static_cast<std::size_t>(size.height) * row_bytes, 0);
  for (int y = 0; y < source.height; ++y)
    std::memcpy(out.pixels.data() + static_cast<std::size_t>(top + y) * row_bytes +
                    static_cast<std::size_t>(left) * 3,
                source.pixels.data() + static_cast<std::size_t>(y) * source_row_bytes,
                source_row_bytes);
}

void decode(const image::Crop& crop, Scratch& scratch) {
  const StageTimer timer(scratch.seconds.decode);
  decode_record(scratch.record, crop, scratch.decoded);
}

// Into scratch.resized.
void resize(Size size, Scratch& scratch) {
  const StageTimer timer(scratch.seconds.resize);
  image::resize_rgb(scratch.decoded, size.height, size.width, scratch.resized);
}

}  // namespace

CropKind parse_crop_kind(const std::string& name) {
  if (name == "random_resized") return CropKind::kRandomResized;
  if (name == "pad_shift") return CropKind::kPadShift;
  RM_REQUIRE(name == "none", ErrorKind::kInvalidArgument, "crop \"", name,
             "\" is not one of random_resized, pad_shift, none");
  return CropKind::kNone;
}

void check(const TransformOptions& options) {
  RM_REQUIRE(options.image_size > 0 && options.image_size <= kMaxSide, ErrorKind::kInvalidArgument,
             "image_size ", options.image_size, " must be 1 to ", kMaxSide);
  RM_REQUIRE(options.eval_resize >= 0 && options.eval_resize <= kMaxSide,
             ErrorKind::kInvalidArgument, "eval_resize ", options.eval_resize, " must be 0 to ",
             kMaxSide);
  RM_REQUIRE(options.min_scale > 0 && options.min_scale <= 1, ErrorKind::kInvalidArgument,
             "min_scale ", options.min_scale, " must be above 0 and at most 1");
  RM_REQUIRE(options.random_erasing >= 0 && options.random_erasing <= 1,
             ErrorKind::kInvalidArgument, "random_erasing ", options.random_erasing,
             " must be 0 to 1");
  check(options.augment);
  check(options.size_by_epoch, options.image_size);
  check(options.mix);
}

StageSeconds& StageSeconds::operator+=(const StageSeconds& other) {
  read += other.read;
  decode += other.decode;
  resize += other.resize;
  augment += other.augment;
  write += other.write;
  return *this;
}

TrainTransform::TrainTransform(const TransformOptions& options, std::uint64_t seed)
    : options_(options), seed_(seed) {
  check(options);
}

PixelView TrainTransform::apply(std::int64_t epoch, std::int64_t sample, Scratch& scratch) const {
  RandomStream random(seed_, RandomUse::kAugment, static_cast<std::uint64_t>(epoch),
                      static_cast<std::uint64_t>(sample));
  const shard::RecordInfo& info = scratch.record.info;
  const Size size{static_cast<int>(info.height), static_cast<int>(info.width)};
  const int side = options_.image_size;
  image::Crop crop;  // all of it
  if (options_.crop == CropKind::kRandomResized)
    crop = random_resized_crop(size, options_.min_scale, random);
  decode(crop, scratch);
  resize({side, side}, scratch);
  PixelView view = view_of(scratch.resized, 0, 0, side);
  if (options_.crop == CropKind::kPadShift) {
    pad(scratch.resized, {side + 2 * kPad, side + 2 * kPad}, kPad, kPad, scratch.padded);
    const auto top = static_cast<int>(random.below(2 * kPad + 1));
    const auto left = static_cast<int>(random.below(2 * kPad + 1));
    view = view_of(scratch.padded, top, left, side);
  }
  view.mirrored = options_.flip && random.below(2) == 1;
  view = augment(view, epoch, sample, scratch);
  RandomStream erasing(seed_, RandomUse::kErasing, static_cast<std::uint64_t>(epoch),
                       static_cast<std::uint64_t>(sample));
  view.erased = draw_erased(options_.random_erasing, side, erasing);
  return view;
}

PixelView TrainTransform::augment(const PixelView& view, std::int64_t epoch, std::int64_t sample,
                                  Scratch& scratch) const {
  if (options_.augment.kind == AugmentKind::kNone) return view;
  const StageTimer timer(scratch.seconds.augment);
  RandomStream random(seed_, RandomUse::kAugmentOps, static_cast<std::uint64_t>(epoch),
                      static_cast<std::uint64_t>(sample));
  const AugmentSteps steps = draw_augment(options_.augment, view.side, random);
  if (steps.all().empty()) return view;
  image::Image& image = scratch.augmented;
  image.height = image.width = view.side;
  image.channels = 3;
  image.pixels.resize(static_cast<std::size_t>(view.side) * static_cast<std::size_t>(view.side) *
                      3);
  write_bytes(view, image.pixels.data());
  for (const AugmentStep& step : steps.all())
    image::apply(step.op, step.magnitude, image, scratch.spare);
  return view_of(image, 0, 0, view.side);
}

EvalTransform::EvalTransform(const TransformOptions& options) : options_(options) {
  check(options);
}

PixelView EvalTransform::apply(Scratch& scratch) const {
  decode({}, scratch);
  Size size{scratch.decoded.height, scratch.decoded.width};
  if (options_.eval_resize > 0) size = resize_shorter(size, options_.eval_resize);
  RM_REQUIRE(std::int64_t{size.height} * size.width <= kMaxResizedPixels, ErrorKind::kBadData,
             "an image of ", scratch.decoded.width, " x ", scratch.decoded.height,
             " pixels is too thin to be resized");
  resize(size, scratch);
  const int side = options_.image_size;
  const int top = centre_offset(size.height, side), left = centre_offset(size.width, side);
  if (top >= 0 && left >= 0) return view_of(scratch.resized, top, left, side);
  pad(scratch.resized, {std::max(size.height, side), std::max(size.width, side)}, std::max(0, -top),
      std::max(0, -left), scratch.padded);
  return view_of(scratch.padded, std::max(0, top), std::max(0, left), side);
}

}  // namespace ringmaster::data
