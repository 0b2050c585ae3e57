// Stochastic gradient descent with momentum, over flat memory.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "optim/flat.h"

namespace ringmaster::optim {

struct SgdOptions {
  double momentum = 0.9;  // the default of step(); a schedule may cycle it
  double weight_decay = 0;
  bool nesterov = false;  // needs momentum, and no dampening
  double dampening = 0;
  // False: biases and batch norm's scale and shift (slots with decay = false) are left out of
  // weight decay (He et al., "Bag of tricks", arXiv:1812.01187, §3.1).
  bool decay_norm_and_bias = true;
};

// The rule of torch.optim.SGD, step by step:
//   d = g + weight_decay * p
//   b = d in the first step, else momentum * b + (1 - dampening) * d
//   p = p - lr * (nesterov ? d + momentum * b : b)
// One fused pass over memory (at::_fused_sgd_), on CPU and GPU. On CPU the result has the same bits
// for any number of threads.
//
// Shares the memory of the tensors that it is given. One thread at a time.
class Sgd {
 public:
  // `flat_parameters`, `flat_gradients`: 1-d, float32, of one length and device, the same layout.
  // What lies between the slots must be zero in both, and stays zero. `slots`: in registration
  // order, which is torch.optim's numbering; their offsets may be in any order, and they must not
  // overlap. Error{kInvalidArgument} for options that torch.optim.SGD refuses too.
  Sgd(at::Tensor flat_parameters, at::Tensor flat_gradients, std::vector<ParameterSlot> slots,
      const SgdOptions& options);

  void step(double lr) { step(lr, options_.momentum); }
  void step(double lr, double momentum);

  [[nodiscard]] const SgdOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<ParameterSlot>& slots() const { return slots_; }
  [[nodiscard]] const at::Tensor& flat_parameters() const { return parameters_; }
  // b above, in the layout of the parameters; zero before the first step with momentum.
  [[nodiscard]] const at::Tensor& momentum_buffer() const { return momentum_; }
  // Whether there has been such a step: only then a state dict has momentum buffers.
  [[nodiscard]] bool has_momentum() const { return has_momentum_; }
  // For restoring: says that momentum_buffer() was filled (true), or makes it zero (false).
  void set_has_momentum(bool filled);

 private:
  // A range of flat memory with one weight decay; the ranges cover all slots.
  struct Range {
    std::int64_t offset_elems = 0, end_elems = 0;
    double weight_decay = 0;
  };
  [[nodiscard]] std::vector<Range> ranges_of_slots() const;
  void step_range(const Range& range, double lr, double momentum);

  at::Tensor parameters_, gradients_, momentum_;
  const std::vector<ParameterSlot> slots_;
  const SgdOptions options_;
  const std::vector<Range> ranges_;
  bool has_momentum_ = false;
};

}  // namespace ringmaster::optim
