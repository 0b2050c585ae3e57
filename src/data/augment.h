// Which operations a training image goes through: AutoAugment and its kin, as torchvision draws
// them (torchvision 0.26, transforms/autoaugment.py).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/philox.h"
#include "image/augment_op.h"

namespace ringmaster::data {

enum class AugmentKind {
  kNone,
  kAutoAugment,     // Cubuk et al., CVPR 2019: one of the 25 pairs found for ImageNet
  kRandAugment,     // Cubuk et al., CVPRW 2020: `randaugment_ops` of 14, at one magnitude
  kTrivialAugment,  // Müller and Hutter, ICCV 2021, wide: one of 14, at any magnitude
};

// "none", "autoaugment", "randaugment" or "trivial"; Error{kInvalidArgument} names them.
[[nodiscard]] AugmentKind parse_augment_kind(const std::string& name);

struct AugmentOptions {
  AugmentKind kind = AugmentKind::kNone;
  int randaugment_ops = 2;
  int randaugment_magnitude = 9;  // of 0 to 30
};

// Error{kInvalidArgument} names the key of a bad value.
void check(const AugmentOptions& options);

struct AugmentStep {
  image::AugmentOp op = image::AugmentOp::kIdentity;
  double magnitude = 0;  // as image::apply() takes it, with its sign
  bool operator==(const AugmentStep&) const = default;
};

inline constexpr int kMaxAugmentSteps = 16;

// What one image goes through, in order; often nothing. No heap.
class AugmentSteps {
 public:
  void add(const AugmentStep& step) { steps_[static_cast<std::size_t>(count_++)] = step; }
  [[nodiscard]] std::span<const AugmentStep> all() const {
    return {steps_.data(), static_cast<std::size_t>(count_)};
  }

 private:
  std::array<AugmentStep, kMaxAugmentSteps> steps_;
  int count_ = 0;
};

// For a square of `side` pixels: how far a translation goes depends on it. With the probabilities
// of torchvision's get_params() and forward(), not its numbers.
[[nodiscard]] AugmentSteps draw_augment(const AugmentOptions& options, int side,
                                        RandomStream& random);

}  // namespace ringmaster::data
