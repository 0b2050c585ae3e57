#include "model/residual_block.h"

#include <torch/nn/modules/container/sequential.h>

namespace ringmaster::model {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;

Conv2d conv1x1(std::int64_t inputs, std::int64_t outputs, std::int64_t stride) {
  return Conv2d(torch::nn::Conv2dOptions(inputs, outputs, 1).stride(stride).bias(false));
}

Conv2d conv3x3(std::int64_t inputs, std::int64_t outputs, std::int64_t stride,
               std::int64_t groups) {
  return Conv2d(torch::nn::Conv2dOptions(inputs, outputs, 3)
                    .stride(stride)
                    .padding(1)
                    .groups(groups)
                    .bias(false));
}

// The way around the branch; registered after it, as torchvision does.
class Shortcut {
 public:
  Shortcut(torch::nn::Module& block, std::int64_t inputs, std::int64_t outputs,
           std::int64_t stride) {
    if (stride == 1 && inputs == outputs) return;
    projection_ = block.register_module(
        "downsample",
        torch::nn::Sequential(conv1x1(inputs, outputs, stride), BatchNorm2d(outputs)));
  }
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) {
    return projection_.is_empty() ? x : projection_->forward(x);
  }

 private:
  torch::nn::Sequential projection_{nullptr};
};

class BasicBlock final : public ResidualBlock {
 public:
  BasicBlock(std::int64_t inputs, std::int64_t planes, std::int64_t stride)
      : conv1_(register_module("conv1", conv3x3(inputs, planes, stride, 1))),
        bn1_(register_module("bn1", BatchNorm2d(planes))),
        conv2_(register_module("conv2", conv3x3(planes, planes, 1, 1))),
        bn2_(register_module("bn2", BatchNorm2d(planes))),
        shortcut_(*this, inputs, planes, stride) {}

  at::Tensor forward(const at::Tensor& x) override {
    at::Tensor y = bn1_->forward(conv1_->forward(x)).relu_();
    y = bn2_->forward(conv2_->forward(y));
    y += shortcut_(x);
    return y.relu_();
  }
  const BatchNorm2d& last_norm() const override { return bn2_; }

 private:
  Conv2d conv1_;
  BatchNorm2d bn1_;
  Conv2d conv2_;
  BatchNorm2d bn2_;
  Shortcut shortcut_;
};

class Bottleneck final : public ResidualBlock {
 public:
  Bottleneck(std::int64_t inputs, std::int64_t width, std::int64_t outputs, std::int64_t stride,
             std::int64_t groups)
      : conv1_(register_module("conv1", conv1x1(inputs, width, 1))),
        bn1_(register_module("bn1", BatchNorm2d(width))),
        conv2_(register_module("conv2", conv3x3(width, width, stride, groups))),
        bn2_(register_module("bn2", BatchNorm2d(width))),
        conv3_(register_module("conv3", conv1x1(width, outputs, 1))),
        bn3_(register_module("bn3", BatchNorm2d(outputs))),
        shortcut_(*this, inputs, outputs, stride) {}

  at::Tensor forward(const at::Tensor& x) override {
    at::Tensor y = bn1_->forward(conv1_->forward(x)).relu_();
    y = bn2_->forward(conv2_->forward(y)).relu_();
    y = bn3_->forward(conv3_->forward(y));
    y += shortcut_(x);
    return y.relu_();
  }
  const BatchNorm2d& last_norm() const override { return bn3_; }

 private:
  Conv2d conv1_;
  BatchNorm2d bn1_;
  Conv2d conv2_;
  BatchNorm2d bn2_;
  Conv2d conv3_;
  BatchNorm2d bn3_;
  Shortcut shortcut_;
};

}  // namespace

std::int64_t expansion(const Architecture& architecture) {
  return architecture.bottleneck ? 4 : 1;
}

std::shared_ptr<ResidualBlock> make_block(const Architecture& architecture, std::int64_t inputs,
                                          std::int64_t planes, std::int64_t stride) {
  if (!architecture.bottleneck) return std::make_shared<BasicBlock>(inputs, planes, stride);
  const std::int64_t width = planes * architecture.group_width / 64 * architecture.groups;
  return std::make_shared<Bottleneck>(inputs, width, planes * expansion(architecture), stride,
                                      architecture.groups);
}

}  // namespace ringmaster::model
