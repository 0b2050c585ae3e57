#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

struct Hits {
  std::int64_t top1 = 0, top5 = 0;
};

// How many targets are among the 1 and the 5 highest logits. `logits` [N, classes] of any floating
// type, `targets` [N] int64, on one device. Waits for the device.
//
// A target's rank is the number of classes with a strictly higher logit plus the number of classes
// with an equal logit and a lower index; it is a hit among the first k exactly if its rank is below
// k. So the count of a batch is the sum of its rows' counts, whatever the batches, ties included. A
// row with a NaN is no hit.
[[nodiscard]] Hits count_hits(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace ringmaster::model
