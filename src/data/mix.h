// Mixup and CutMix: images and targets of a batch, two by two.
//
// Position i of the global batch is mixed with position i ^ 1 (0 with 1, 2 with 3, ...), which are
// any two samples, as the order is random, and on one rank in one micro-batch whenever these have
// an even size. Kind, share and rectangle are drawn for the whole global batch. So what a step
// trains on does not depend on the number of ranks. torchvision's MixUp and CutMix differ in the
// partner alone: they take i - 1 within the batch of a process.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "image/image.h"

namespace ringmaster::data {

struct MixOptions {
  double mixup_alpha = 0;           // the share is drawn from Beta(alpha, alpha); 0: no Mixup
  double cutmix_alpha = 0;          // the same
  double switch_probability = 0.5;  // of CutMix where both are on
  [[nodiscard]] bool any() const { return mixup_alpha > 0 || cutmix_alpha > 0; }
};

// Error{kInvalidArgument} names the key of a bad value.
void check(const MixOptions& options);

// What a batch went, or is to go, through.
struct Mix {
  enum class Kind : std::uint8_t { kNone, kMixup, kCutMix };
  Kind kind = Kind::kNone;
  double share = 1;  // of the image's own target; the partner's is 1 - share
  image::Crop box;   // kCutMix: what comes from the partner
};

// A function of its arguments alone. CutMix's rectangle is torchvision's: a square root of 1 -
// share of each side, around a middle drawn anywhere, cut off at the border; `share` is what is
// left of the area.
[[nodiscard]] Mix draw_mix(const MixOptions& options, std::uint64_t seed, std::int64_t epoch,
                           std::int64_t step, std::int64_t side);

// `images` [B, 3, H, W], floating, mixed; their memory is not written to unless the result is
// theirs (kNone). REQUIRES: B is even, but for kNone.
[[nodiscard]] at::Tensor mix_images(const at::Tensor& images, const Mix& mix);

// What the loss compares with. `targets` [B] int64, as they are for kNone; else weights [B,
// classes], float32: `share` for an image's own class and the rest for its partner's.
[[nodiscard]] at::Tensor mix_targets(const at::Tensor& targets, const Mix& mix,
                                     std::int64_t classes);

// What hits are counted against, [B] int64: of the image's own and its partner's the class with the
// larger share (its own where they are equal), as torchvision's reference takes the largest weight.
[[nodiscard]] at::Tensor main_targets(const at::Tensor& targets, const Mix& mix);

// [B, ...] with neighbours exchanged: the partner of each. REQUIRES: B is even.
[[nodiscard]] at::Tensor partners_of(const at::Tensor& batch);

}  // namespace ringmaster::data
