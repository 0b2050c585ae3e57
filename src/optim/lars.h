// Layer-wise adaptive rates, for large batches (You, Gitman, Ginsburg, "Large batch training of
// convolutional networks", arXiv:1708.03888).
#pragma once

#include "optim/optimizer.h"

namespace ringmaster::optim {

struct LarsOptions : OptimizerOptions {
  double trust_coefficient = 0.001;  // the paper's eta
};

// Algorithm 1 of the paper, for every weight w (two and more dimensions) with its gradient g:
//   rate = lr * trust_coefficient * |w| / (|g| + weight_decay * |w|)
//   b = momentum * b + rate * (g + weight_decay * w)
//   w = w - b
// with a plain rate of lr where |w| or |g| is 0. Biases and batch norm's scale and shift take the
// plain rate too, and weight decay only where decay_norm_and_bias says so (by default not: the
// field leaves them out, as MLPerf's reference does). The momentum holds the rate, unlike SGD's.
// Nesterov and dampening are not part of it: Error{kInvalidArgument}.
//
// The gradients are used up: they hold the update afterwards.
class Lars final : public Optimizer {
 public:
  // As Optimizer().
  Lars(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
       std::vector<ParameterSlot> slots, const LarsOptions& options, UpdateWork work = {});

  using Optimizer::step;
  void step(double lr, double momentum) override;

 private:
  const double trust_coefficient_;
  at::Tensor updated_, updated_gradients_, updated_momentum_;  // this optimizer's part of them
  // Views into the flat memory, slot by slot: the adapted weights, and all that decay.
  std::vector<at::Tensor> weights_, weight_gradients_;
  std::vector<at::Tensor> decayed_, decayed_gradients_;
};

}  // namespace ringmaster::optim
