// Anti-aliased downsampling (Zhang, "Making convolutional networks shift-invariant again", ICML
// 2019): a binomial 3x3 filter before what throws pixels away.
//
// In the form of MosaicML's Composer (blur_first) and of FFCV's ImageNet recipe, with their names
// in the state dict: NAME.conv.weight and NAME.blur_filter where torchvision has NAME.weight, and
// maxpool.filt2d. So weights of a network with blur and of one without don't go into each other.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include "model/blur_pool_kind.h"
#include "model/forward_pass.h"

namespace ringmaster::model {

// A convolution, with the filter before it where `blur` asks for that.
class Convolution {
 public:
  // Registers it with `owner` as `name`.
  Convolution(torch::nn::Module& owner, const std::string& name, torch::nn::Conv2d conv,
              BlurPool blur);
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x, const ForwardPass& pass);

 private:
  torch::nn::Conv2d conv_;
  at::Tensor filter_;  // undefined: none
};

// Max-pool of 3x3 and stride 2 as the stem has it, blurred.
class BlurMaxPool final : public torch::nn::Module {
 public:
  BlurMaxPool();
  [[nodiscard]] at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor filter_;
};

}  // namespace ringmaster::model
