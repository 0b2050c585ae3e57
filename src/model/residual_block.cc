#include "model/residual_block.h"

#include <optional>

#include "model/conv2d.h"

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
  Shortcut(torch::nn::Module& block, std::int64_t inputs, std::int64_t outputs, std::int64_t stride,
           BlurPool blur) {
    if (stride == 1 && inputs == outputs) return;
    const auto pair = block.register_module("downsample", std::make_shared<torch::nn::Module>());
    conv_.emplace(*pair, "0", conv1x1(inputs, outputs, stride), blur);
    norm_ = pair->register_module("1", BatchNorm2d(outputs));
  }
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x, const BlockPass& pass) {
    if (!conv_) return x;
    const at::Tensor y = pass.seen(".downsample.0", (*conv_)(x, pass.pass));
    return pass.seen(".downsample.1", norm_->forward(y));
  }

 private:
  std::optional<Convolution> conv_;
  BatchNorm2d norm_{nullptr};
};

// The rectified sum of branch and shortcut, in the branch's memory.
at::Tensor join(at::Tensor branch, const at::Tensor& shortcut, const BlockPass& pass) {
  if (pass.scale.defined()) branch.mul_(pass.scale.to(branch.scalar_type()));
  branch += shortcut;
  return pass.seen("", branch.relu_());
}

class BasicBlock final : public ResidualBlock {
 public:
  BasicBlock(std::int64_t inputs, std::int64_t planes, std::int64_t stride, BlurPool blur)
      : conv1_(*this, "conv1", conv3x3(inputs, planes, stride, 1), blur),
        bn1_(register_module("bn1", BatchNorm2d(planes))),
        conv2_(register_module("conv2", conv3x3(planes, planes, 1, 1))),
        bn2_(register_module("bn2", BatchNorm2d(planes))),
        shortcut_(*this, inputs, planes, stride, blur) {}

  at::Tensor forward(const at::Tensor& x, const BlockPass& pass) override {
    at::Tensor y = pass.seen(".conv1", conv1_(x, pass.pass));
    y = pass.seen(".bn1", bn1_->forward(y)).relu_();
    y = pass.seen(".conv2", conv2d(*conv2_, y, pass.pass));
    y = pass.seen(".bn2", bn2_->forward(y));
    return join(y, shortcut_(x, pass), pass);
  }
  const BatchNorm2d& last_norm() const override { return bn2_; }

 private:
  Convolution conv1_;
  BatchNorm2d bn1_;
  Conv2d conv2_;
  BatchNorm2d bn2_;
  Shortcut shortcut_;
};

class Bottleneck final : public ResidualBlock {
 public:
  Bottleneck(std::int64_t inputs, std::int64_t width, std::int64_t outputs, std::int64_t stride,
             std::int64_t groups, BlurPool blur)
      : conv1_(register_module("conv1", conv1x1(inputs, width, 1))),
        bn1_(register_module("bn1", BatchNorm2d(width))),
        conv2_(*this, "conv2", conv3x3(width, width, stride, groups), blur),
        bn2_(register_module("bn2", BatchNorm2d(width))),
        conv3_(register_module("conv3", conv1x1(width, outputs, 1))),
        bn3_(register_module("bn3", BatchNorm2d(outputs))),
        shortcut_(*this, inputs, outputs, stride, blur) {}

  at::Tensor forward(const at::Tensor& x, const BlockPass& pass) override {
    at::Tensor y = pass.seen(".conv1", conv2d(*conv1_, x, pass.pass));
    y = pass.seen(".bn1", bn1_->forward(y)).relu_();
    y = pass.seen(".conv2", conv2_(y, pass.pass));
    y = pass.seen(".bn2", bn2_->forward(y)).relu_();
    y = pass.seen(".conv3", conv2d(*conv3_, y, pass.pass));
    y = pass.seen(".bn3", bn3_->forward(y));
    return join(y, shortcut_(x, pass), pass);
  }
  const BatchNorm2d& last_norm() const override { return bn3_; }

 private:
  Conv2d conv1_;
  BatchNorm2d bn1_;
  Convolution conv2_;
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
                                          std::int64_t planes, std::int64_t stride, BlurPool blur) {
  if (!architecture.bottleneck) return std::make_shared<BasicBlock>(inputs, planes, stride, blur);
  const std::int64_t width = planes * architecture.group_width / 64 * architecture.groups;
  return std::make_shared<Bottleneck>(inputs, width, planes * expansion(architecture), stride,
                                      architecture.groups, blur);
}

}  // namespace ringmaster::model
