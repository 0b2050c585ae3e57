#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {

// A tensor that two snapshots don't have alike.
struct TensorDifference {
  std::string name;                  // "model.conv1.weight", "momentum.0"
  std::string what;                  // "only in the first", "shape [64] against [128]"; or empty:
  std::int64_t differing_elems = 0;  // not the same bits
  double max_difference = 0;         // the largest |a - b|
};

// All of model, averaged weights and momentum whose bits differ, in the first one's order.
[[nodiscard]] std::vector<TensorDifference> compare_tensors(const Snapshot& a, const Snapshot& b);

}  // namespace ringmaster::ckpt
