#include "data/augment.h"

#include "base/check.h"
#include "data/augment_space.h"

namespace ringmaster::data {
namespace {

using enum image::AugmentOp;

// An operation of an AutoAugment policy.
struct Candidate {
  image::AugmentOp op;
  double probability;
  int bin;  // of ten; 0 where there is no magnitude
};

// The pairs found on ImageNet, in torchvision's order.
constexpr std::array<std::array<Candidate, 2>, 25> kImageNetPolicies = {{
    {{{kPosterize, 0.4, 8}, {kRotate, 0.6, 9}}},  {{{kSolarize, 0.6, 5}, {kAutoContrast, 0.6, 0}}},
    {{{kEqualize, 0.8, 0}, {kEqualize, 0.6, 0}}}, {{{kPosterize, 0.6, 7}, {kPosterize, 0.6, 6}}},
    {{{kEqualize, 0.4, 0}, {kSolarize, 0.2, 4}}}, {{{kEqualize, 0.4, 0}, {kRotate, 0.8, 8}}},
    {{{kSolarize, 0.6, 3}, {kEqualize, 0.6, 0}}}, {{{kPosterize, 0.8, 5}, {kEqualize, 1.0, 0}}},
    {{{kRotate, 0.2, 3}, {kSolarize, 0.6, 8}}},   {{{kEqualize, 0.6, 0}, {kPosterize, 0.4, 6}}},
    {{{kRotate, 0.8, 8}, {kColor, 0.4, 0}}},      {{{kRotate, 0.4, 9}, {kEqualize, 0.6, 0}}},
    {{{kEqualize, 0.0, 0}, {kEqualize, 0.8, 0}}}, {{{kInvert, 0.6, 0}, {kEqualize, 1.0, 0}}},
    {{{kColor, 0.6, 4}, {kContrast, 1.0, 8}}},    {{{kRotate, 0.8, 8}, {kColor, 1.0, 2}}},
    {{{kColor, 0.8, 8}, {kSolarize, 0.8, 7}}},    {{{kSharpness, 0.4, 7}, {kInvert, 0.6, 0}}},
    {{{kShearX, 0.6, 5}, {kEqualize, 1.0, 0}}},   {{{kColor, 0.4, 0}, {kEqualize, 0.6, 0}}},
    {{{kEqualize, 0.4, 0}, {kSolarize, 0.2, 4}}}, {{{kSolarize, 0.6, 5}, {kAutoContrast, 0.6, 0}}},
    {{{kInvert, 0.6, 0}, {kEqualize, 1.0, 0}}},   {{{kColor, 0.6, 4}, {kContrast, 1.0, 8}}},
    {{{kEqualize, 0.8, 0}, {kEqualize, 0.6, 0}}},
}};

// What RandAugment and TrivialAugmentWide choose from: all but Invert.
constexpr std::uint32_t kChoices = static_cast<std::uint32_t>(kEqualize) + 1;

AugmentSteps draw_auto_augment(int side, RandomStream& random) {
  const AugmentSpace space = auto_augment_space(side);
  AugmentSteps steps;
  for (const Candidate& candidate : kImageNetPolicies[random.below(kImageNetPolicies.size())]) {
    const bool chosen = random.uniform() < candidate.probability, negative = random.below(2) == 0;
    if (!chosen) continue;
    const double magnitude = magnitude_of(space, candidate.op, candidate.bin);
    const bool negated = negative && is_signed(candidate.op);
    steps.add({candidate.op, negated ? -magnitude : magnitude});
  }
  return steps;
}

AugmentStep draw_step(const AugmentSpace& space, image::AugmentOp op, int bin,
                      RandomStream& random) {
  const double magnitude = magnitude_of(space, op, bin);
  return {op, is_signed(op) && random.below(2) == 1 ? -magnitude : magnitude};
}

AugmentSteps draw_rand_augment(const AugmentOptions& options, int side, RandomStream& random) {
  const AugmentSpace space = rand_augment_space(side);
  AugmentSteps steps;
  for (int i = 0; i < options.randaugment_ops; ++i) {
    const auto op = static_cast<image::AugmentOp>(random.below(kChoices));
    steps.add(draw_step(space, op, options.randaugment_magnitude, random));
  }
  return steps;
}

AugmentSteps draw_trivial_augment(RandomStream& random) {
  const AugmentSpace space = trivial_augment_space();
  const auto op = static_cast<image::AugmentOp>(random.below(kChoices));
  const std::uint32_t bin =
      has_magnitude(op) ? random.below(static_cast<std::uint32_t>(space.bins)) : 0;
  AugmentSteps steps;
  steps.add(draw_step(space, op, static_cast<int>(bin), random));
  return steps;
}

}  // namespace

AugmentKind parse_augment_kind(const std::string& name) {
  if (name == "autoaugment") return AugmentKind::kAutoAugment;
  if (name == "randaugment") return AugmentKind::kRandAugment;
  if (name == "trivial") return AugmentKind::kTrivialAugment;
  RM_REQUIRE(name == "none", ErrorKind::kInvalidArgument, "augment \"", name,
             "\" is not one of none, autoaugment, randaugment, trivial");
  return AugmentKind::kNone;
}

void check(const AugmentOptions& options) {
  RM_REQUIRE(options.randaugment_ops >= 1 && options.randaugment_ops <= kMaxAugmentSteps,
             ErrorKind::kInvalidArgument, "randaugment_ops ", options.randaugment_ops,
             " must be 1 to ", kMaxAugmentSteps);
  RM_REQUIRE(options.randaugment_magnitude >= 0 && options.randaugment_magnitude <= 30,
             ErrorKind::kInvalidArgument, "randaugment_magnitude ", options.randaugment_magnitude,
             " must be 0 to 30");
}

AugmentSteps draw_augment(const AugmentOptions& options, int side, RandomStream& random) {
  switch (options.kind) {
    case AugmentKind::kNone:
      return {};
    case AugmentKind::kAutoAugment:
      return draw_auto_augment(side, random);
    case AugmentKind::kRandAugment:
      return draw_rand_augment(options, side, random);
    case AugmentKind::kTrivialAugment:
      return draw_trivial_augment(random);
  }
  return {};
}

}  // namespace ringmaster::data
