// What a forward pass may be given beside its images.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

// Is handed the output of a layer under the name that its parameters have ("layer2.0.conv1").
using LayerWatch = std::function<void(const std::string& layer, const at::Tensor& output)>;

struct ForwardPass {
  // Stochastic depth: branch_scales() of stochastic_depth.h. Undefined: every branch counts.
  at::Tensor branch_scales;
  // Every gradient is computed by LibTorch's own kernels, with PyTorch's rounding: conv2d.h.
  bool torch_gradients = false;
  // Called with every layer in order, and with every residual block under its own name. Empty:
  // nobody looks.
  LayerWatch watch;

  // `output`, once it was looked at.
  [[nodiscard]] at::Tensor seen(const std::string& layer, at::Tensor output) const {
    if (watch) watch(layer, output);
    return output;
  }
};

// What of it concerns one residual block.
struct BlockPass {
  const ForwardPass& pass;
  std::string name;  // "layer2.0"; empty where nobody watches
  at::Tensor scale;  // [N, 1, 1, 1], of the branch; undefined: 1

  [[nodiscard]] at::Tensor seen(const char* layer, at::Tensor output) const {
    return pass.watch ? pass.seen(name + layer, std::move(output)) : output;
  }
};

}  // namespace ringmaster::model
