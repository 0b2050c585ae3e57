// What an optimizer over flat memory is to the training loop and to checkpoints.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "optim/flat.h"
#include "optim/update_part.h"

namespace ringmaster::optim {

struct OptimizerOptions {
  double momentum = 0.9;  // the default of step(); a schedule may cycle it
  double weight_decay = 0;
  bool nesterov = false;  // needs momentum, and no dampening
  double dampening = 0;
  // False: biases and batch norm's scale and shift (slots with decay = false) are left out of
  // weight decay (He et al., "Bag of tricks", arXiv:1812.01187, §3.1).
  bool decay_norm_and_bias = true;
};

// Shares the memory of the tensors that it is given. One thread at a time.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step(double lr) { step(lr, options_.momentum); }
  // One update of every parameter from its gradient; of those in its part, where it was given one.
  // What the gradients hold afterwards is up to the rule.
  virtual void step(double lr, double momentum) = 0;

  [[nodiscard]] const OptimizerOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<ParameterSlot>& slots() const { return slots_; }
  [[nodiscard]] const at::Tensor& flat_parameters() const { return parameters_; }
  // The rule's momentum, in the layout of the parameters; zero before the first step with momentum.
  [[nodiscard]] const at::Tensor& momentum_buffer() const { return momentum_; }
  // Whether there has been such a step: only then a state dict has momentum buffers.
  [[nodiscard]] bool has_momentum() const { return has_momentum_; }
  // For restoring: says that momentum_buffer() was filled (true), or makes it zero (false).
  void set_has_momentum(bool filled);

 protected:
  // `flat_parameters`, `flat_gradients`: 1-d, float32, of one length and device, the same layout.
  // What lies between the slots must be zero in both, and stays zero. `slots`: in registration
  // order, which is torch.optim's numbering; their offsets may be in any order, and they must not
  // overlap. Error{kInvalidArgument} for options that torch.optim.SGD refuses too.
  Optimizer(const at::Tensor& flat_parameters, const at::Tensor& flat_gradients,
            std::vector<ParameterSlot> slots, const OptimizerOptions& options, UpdateWork work);

  [[nodiscard]] at::Tensor& parameters() { return parameters_; }
  [[nodiscard]] at::Tensor& gradients() { return gradients_; }
  [[nodiscard]] at::Tensor& momentum() { return momentum_; }
  [[nodiscard]] bool decays(const ParameterSlot& slot) const {
    return slot.decay || options_.decay_norm_and_bias;
  }
  // The slots of this optimizer's part, by their place in memory.
  [[nodiscard]] std::vector<const ParameterSlot*> slots_to_update() const;
  // The part itself, within the parameters.
  [[nodiscard]] const UpdatePart& part() const { return part_; }

 private:
  at::Tensor parameters_, gradients_, momentum_;
  const std::vector<ParameterSlot> slots_;
  const OptimizerOptions options_;
  UpdatePart part_;
  bool has_momentum_ = false;
};

}  // namespace ringmaster::optim
