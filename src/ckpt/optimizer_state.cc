#include "ckpt/optimizer_state.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "base/check.h"

namespace ringmaster::ckpt {

OptimizerState snapshot_of(const optim::Optimizer& optimizer, double lr, double momentum) {
  const optim::OptimizerOptions& options = optimizer.options();
  ParameterGroup decayed{lr, momentum, options.dampening, options.weight_decay, options.nesterov,
                         {}};
  ParameterGroup exempt = decayed;
  exempt.weight_decay = 0;
  OptimizerState state;
  for (std::size_t i = 0; i < optimizer.slots().size(); ++i) {
    const optim::ParameterSlot& slot = optimizer.slots()[i];
    ParameterGroup& group = slot.decay || options.decay_norm_and_bias ? decayed : exempt;
    group.parameters.push_back(static_cast<std::int64_t>(i));
    if (optimizer.has_momentum())
      state.momentum_buffers.push_back(optim::view_of(optimizer.momentum_buffer(), slot));
  }
  for (const ParameterGroup& group : {decayed, exempt}) {
    if (!group.parameters.empty()) state.groups.push_back(group);
  }
  return state;
}

void restore_optimizer(const OptimizerState& state, const std::string& path,
                       optim::Optimizer& optimizer) {
  const at::NoGradGuard no_grad;
  const auto& slots = optimizer.slots();
  const auto& buffers = state.momentum_buffers;
  const bool none = std::none_of(buffers.begin(), buffers.end(),
                                 [](const at::Tensor& buffer) { return buffer.defined(); });
  if (none) {
    optimizer.set_has_momentum(false);
    return;
  }
  RM_REQUIRE(buffers.size() == slots.size(), ErrorKind::kInvalidArgument, path,
             " has momentum for ", buffers.size(), " parameters, and the model has ", slots.size(),
             ": it is a checkpoint of another model");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    RM_REQUIRE(buffers[i].defined() && buffers[i].sizes() == slots[i].sizes,
               ErrorKind::kInvalidArgument, path, ": the momentum of ", slots[i].name,
               " is missing or of another shape: it is a checkpoint of another model");
  }
  optimizer.set_has_momentum(false);  // zero also between the slots
  for (std::size_t i = 0; i < slots.size(); ++i)
    optim::view_of(optimizer.momentum_buffer(), slots[i]).copy_(buffers[i]);
  optimizer.set_has_momentum(true);
}

}  // namespace ringmaster::ckpt
