// What a network said of each validation image, over all ranks.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "comm/control.h"

namespace ringmaster::train {

struct Answer {
  std::int64_t target = 0;
  std::int64_t predicted = -1;  // -1: nothing, its logits had a NaN
  bool top5 = false;            // the target is among the five highest
  bool operator==(const Answer&) const = default;
};

// One rank's, and at the end everybody's. One thread.
class AnswerSheet {
 public:
  explicit AnswerSheet(std::int64_t samples);

  // Of a batch, by the rules of model/hits.h. Each sample once, on one rank. Waits for the device.
  void add(const std::vector<std::int64_t>& sample_ids, const at::Tensor& logits,
           const at::Tensor& targets);

  // Collective. Every sample's answer on every rank: one sum of integers, so exact. A sample that
  // no rank has seen is a bug.
  [[nodiscard]] std::vector<Answer> gather(comm::ControlPlane& control, Deadline deadline);

 private:
  std::vector<std::int64_t> codes_;  // by sample; 0: not seen here
};

}  // namespace ringmaster::train
