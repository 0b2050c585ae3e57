// The keys of augmentation: what training does to its images beyond crop and flip.
#pragma once

#include <cstdint>
#include <string>

#include "config/declarations.h"
#include "data/transform.h"

namespace ringmaster::train {

// What they mean stands in declare_augmentation(), which makes the help text of it.
struct Augmentation {
  std::string augment = "none";
  std::int64_t randaugment_ops = 2;
  std::int64_t randaugment_magnitude = 9;
  double random_erasing = 0;
  double mixup_alpha = 0;
  double cutmix_alpha = 0;
  double mix_switch_probability = 0.5;
  std::int64_t min_image_size = 0;
  std::int64_t resize_start_epoch = 0;
  std::int64_t resize_end_epoch = 0;
  std::int64_t eval_image_size = 0;
};

// `options` must outlive `keys`.
void declare_augmentation(config::Declarations& keys, Augmentation& options);

// Adds what the keys ask for to a training transform.
void set_augmentation(const Augmentation& options, data::TransformOptions& transform);

}  // namespace ringmaster::train
