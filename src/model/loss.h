#pragma once

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

// Cross entropy, averaged over the batch, in float32 whatever the logits' precision. `logits`
// [N, classes], `targets` [N] int64 in [0, classes), or [N, classes] float32: each row the weights
// of the classes, which add up to 1. `label_smoothing` in [0, 1]: that share of the target's weight
// is spread evenly over all classes (Szegedy et al., CVPR 2016, §7; torch.nn.CrossEntropyLoss). A
// scalar on the logits' device, to call backward() on.
[[nodiscard]] at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets,
                                       double label_smoothing);

// Cross entropy without smoothing, summed over the batch in double precision: batches add up to a
// mean that no rounding of theirs has touched. Waits for the device.
[[nodiscard]] double loss_sum(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace ringmaster::model
