#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

struct Hits {
  std::int64_t top1 = 0, top5 = 0;
};

// Each target's rank, int64 [N]: the number of classes with a strictly higher logit plus the number
// of classes with an equal logit and a lower index. It is a hit among the first k exactly if its
// rank is below k. In a row with a NaN it is the number of classes: no hit. `logits` [N, classes]
// of any floating type, `targets` [N] int64, on one device.
[[nodiscard]] at::Tensor ranks_of_targets(const at::Tensor& logits, const at::Tensor& targets);

// Each row's class of rank 0, int64 [N]; -1 in a row with a NaN.
[[nodiscard]] at::Tensor predictions(const at::Tensor& logits);

// How many targets are among the 1 and the 5 highest logits. Waits for the device. By the ranks
// above, so the count of a batch is the sum of its rows' counts, whatever the batches, ties
// included.
[[nodiscard]] Hits count_hits(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace ringmaster::model
