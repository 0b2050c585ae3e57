#include "data/mix.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <boost/math/distributions/beta.hpp>

#include "base/check.h"
#include "base/philox.h"

namespace ringmaster::data {
namespace {

constexpr double kMaxAlpha = 100;

void check_alpha(const char* key, double alpha) {
  RM_REQUIRE(alpha == 0 || (alpha >= 0.01 && alpha <= kMaxAlpha), ErrorKind::kInvalidArgument, key,
             " ", alpha, " must be 0 (off) or 0.01 to ", kMaxAlpha);
}

// Beta(alpha, alpha) by its quantile function: one number in, one out.
double draw_share(double alpha, RandomStream& random) {
  const double uniform = static_cast<double>(random.next_u64() >> 11) * 0x1.0p-53;
  return boost::math::quantile(boost::math::beta_distribution<double>(alpha, alpha), uniform);
}

Mix draw_cutmix(double share, std::int64_t side, RandomStream& random) {
  const auto size = static_cast<int>(side);
  const int x = static_cast<int>(random.below(static_cast<std::uint32_t>(side)));
  const int y = static_cast<int>(random.below(static_cast<std::uint32_t>(side)));
  const int half = static_cast<int>(0.5 * std::sqrt(1 - share) * size);
  const int left = std::max(x - half, 0), top = std::max(y - half, 0);
  const int right = std::min(x + half, size), bottom = std::min(y + half, size);
  const image::Crop box{top, left, bottom - top, right - left};
  const double area = static_cast<double>(box.height) * box.width;
  return {Mix::Kind::kCutMix, 1 - area / (static_cast<double>(side) * static_cast<double>(side)),
          box};
}

}  // namespace

void check(const MixOptions& options) {
  check_alpha("mixup_alpha", options.mixup_alpha);
  check_alpha("cutmix_alpha", options.cutmix_alpha);
  RM_REQUIRE(options.switch_probability >= 0 && options.switch_probability <= 1,
             ErrorKind::kInvalidArgument, "mix_switch_probability ", options.switch_probability,
             " must be 0 to 1");
}

Mix draw_mix(const MixOptions& options, std::uint64_t seed, std::int64_t epoch, std::int64_t step,
             std::int64_t side) {
  if (!options.any()) return {};
  RandomStream random(seed, RandomUse::kMix, static_cast<std::uint64_t>(epoch),
                      static_cast<std::uint64_t>(step));
  const bool both = options.mixup_alpha > 0 && options.cutmix_alpha > 0;
  const bool switched = random.uniform() < options.switch_probability;
  const bool cutmix = both ? switched : options.cutmix_alpha > 0;
  const double share = draw_share(cutmix ? options.cutmix_alpha : options.mixup_alpha, random);
  if (cutmix) return draw_cutmix(share, side, random);
  return {Mix::Kind::kMixup, share, {}};
}

at::Tensor partners_of(const at::Tensor& batch) {
  RM_CHECK(batch.size(0) % 2 == 0, "a batch of ", batch.size(0), " has one without a partner");
  return batch.unflatten(0, {batch.size(0) / 2, 2}).flip({1}).flatten(0, 1);
}

at::Tensor mix_images(const at::Tensor& images, const Mix& mix) {
  if (mix.kind == Mix::Kind::kNone) return images;
  if (mix.kind == Mix::Kind::kMixup)
    return partners_of(images).mul_(1 - mix.share).add_(images, mix.share);
  const auto box = [&](const at::Tensor& batch) {
    return batch.slice(2, mix.box.top, mix.box.top + mix.box.height)
        .slice(3, mix.box.left, mix.box.left + mix.box.width);
  };
  at::Tensor mixed = images.clone();
  box(mixed).copy_(partners_of(box(images)));
  return mixed;
}

at::Tensor mix_targets(const at::Tensor& targets, const Mix& mix, std::int64_t classes) {
  if (mix.kind == Mix::Kind::kNone) return targets;
  const at::Tensor weights =
      at::zeros({targets.size(0), classes}, targets.options().dtype(at::kFloat));
  const auto add = [&](const at::Tensor& classes_of, double share) {
    weights.scatter_add_(1, classes_of.unsqueeze(1),
                         at::full({classes_of.size(0), 1}, share, weights.options()));
  };
  add(targets, mix.share);
  add(partners_of(targets), 1 - mix.share);
  return weights;
}

at::Tensor main_targets(const at::Tensor& targets, const Mix& mix) {
  if (mix.kind == Mix::Kind::kNone || mix.share >= 0.5) return targets;
  return partners_of(targets);
}

}  // namespace ringmaster::data
