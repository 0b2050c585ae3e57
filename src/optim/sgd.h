// Stochastic gradient descent with momentum, over flat memory.
#pragma once

#include "optim/optimizer.h"

namespace ringmaster::optim {

// The rule of torch.optim.SGD, step by step:
//   d = g + weight_decay * p
//   b = d in the first step, else momentum * b + (1 - dampening) * d
//   p = p - lr * (nesterov ? d + momentum * b : b)
// One fused pass over memory (at::_fused_sgd_), on CPU and GPU. On CPU the result has the same bits
// for any number of threads. The gradients stay as they are.
class Sgd final : public Optimizer {
 public:
  // As Optimizer().
  Sgd(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
      std::vector<ParameterSlot> slots, const OptimizerOptions& options, UpdateWork work = {});

  using Optimizer::step;
  void step(double lr, double momentum) override;

 private:
  // A range of flat memory with one weight decay; the ranges cover all slots to update.
  struct Range {
    std::int64_t offset_elems = 0, end_elems = 0;
    double weight_decay = 0;
  };
  [[nodiscard]] std::vector<Range> ranges_of_slots() const;
  void step_range(const Range& range, double lr, double factor);

  const std::vector<Range> ranges_;
};

}  // namespace ringmaster::optim
