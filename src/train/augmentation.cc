#include "train/augmentation.h"

namespace ringmaster::train {
namespace {

using namespace config;  // a table of declarations reads better without it

void declare_sizes(Declarations& keys, Augmentation& o) {
  keys.add("eval_image_size", &o.eval_image_size,
           "Side of the square that the network sees in evaluation; 0: image_size.",
           {in_range(0, 4096), unit("pixels")});
  keys.add(
      "min_image_size", &o.min_image_size,
      "Progressive resizing: side of the training images up to resize_start_epoch; it then grows "
      "to image_size, in multiples of 32; 0: image_size from the start.",
      {in_range(0, 4096), unit("pixels")});
  keys.add("resize_start_epoch", &o.resize_start_epoch,
           "The last epoch, counted from 0, at min_image_size.", {at_least(0)});
  keys.add("resize_end_epoch", &o.resize_end_epoch,
           "The first epoch, counted from 0, at image_size.", {at_least(0)});
}

}  // namespace

void declare_augmentation(Declarations& keys, Augmentation& o) {
  keys.add("augment", &o.augment,
           "Operations after the flip: AutoAugment's ImageNet policies, RandAugment or "
           "TrivialAugmentWide, as torchvision's.",
           {one_of({"none", "autoaugment", "randaugment", "trivial"})});
  keys.add("randaugment_ops", &o.randaugment_ops, "randaugment: operations on an image.",
           {in_range(1, data::kMaxAugmentSteps)});
  keys.add("randaugment_magnitude", &o.randaugment_magnitude, "randaugment: how strong they are.",
           {in_range(0, 30)});
  keys.add("random_erasing", &o.random_erasing,
           "Probability that a rectangle of a training image is erased.", {in_range(0, 1)});
  keys.add("mixup_alpha", &o.mixup_alpha,
           "Mixup: images and targets of a batch are mixed in pairs, by a share from Beta(alpha, "
           "alpha) of each step; 0: off.",
           {in_range(0, 100)});
  keys.add("cutmix_alpha", &o.cutmix_alpha,
           "CutMix: a rectangle comes from the other image of a pair; 0: off.", {in_range(0, 100)});
  keys.add("mix_switch_probability", &o.mix_switch_probability,
           "Share of the steps with CutMix where mixup_alpha and cutmix_alpha are both on.",
           {in_range(0, 1)});
  declare_sizes(keys, o);
}

void set_augmentation(const Augmentation& options, data::TransformOptions& transform) {
  transform.augment.kind = data::parse_augment_kind(options.augment);
  transform.augment.randaugment_ops = static_cast<int>(options.randaugment_ops);
  transform.augment.randaugment_magnitude = static_cast<int>(options.randaugment_magnitude);
  transform.random_erasing = options.random_erasing;
  transform.mix = {options.mixup_alpha, options.cutmix_alpha, options.mix_switch_probability};
  transform.size_by_epoch = {static_cast<int>(options.min_image_size), options.resize_start_epoch,
                             options.resize_end_epoch};
}

}  // namespace ringmaster::train
