// The residual blocks, with torchvision's names for what is in them.
#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "model/architecture.h"
#include "model/blur_pool.h"
#include "model/forward_pass.h"

namespace ringmaster::model {

class ResidualBlock : public torch::nn::Module {
 public:
  // x + scale * branch(x), rectified. Channels-last in, channels-last out.
  [[nodiscard]] virtual at::Tensor forward(const at::Tensor& x, const BlockPass& pass) = 0;
  // The batch norm that ends the branch: what zero_init_residual sets to 0.
  [[nodiscard]] virtual const torch::nn::BatchNorm2d& last_norm() const = 0;
};

// Channels that leave a block for each of its planes.
[[nodiscard]] std::int64_t expansion(const Architecture& architecture);

// A block from `inputs` channels to planes * expansion(); where those or the resolution differ, the
// shortcut is a 1x1 convolution with batch norm.
[[nodiscard]] std::shared_ptr<ResidualBlock> make_block(const Architecture& architecture,
                                                        std::int64_t inputs, std::int64_t planes,
                                                        std::int64_t stride, BlurPool blur);

}  // namespace ringmaster::model
