#include "model/blur_pool.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "model/conv2d.h"

namespace ringmaster::model {
namespace {

constexpr std::int64_t kLeastChannels = 16;  // the stem's three are left as they are

at::Tensor binomial_filter() {
  const at::Tensor row = at::tensor({1.0F, 2.0F, 1.0F}) / 4;
  return (row.unsqueeze(1) * row.unsqueeze(0)).view({1, 1, 3, 3});
}

// `filter`: [C, 1, 3, 3] for the C channels of `x`.
at::Tensor blur(const at::Tensor& x, const at::Tensor& filter, std::int64_t stride) {
  return at::conv2d(x, filter, {}, stride, /*padding=*/1, /*dilation=*/1, x.size(1));
}

bool is_strided(const torch::nn::Conv2d& conv) {
  const auto& stride = *conv->options.stride();
  return std::any_of(stride.begin(), stride.end(), [](std::int64_t step) { return step > 1; });
}

}  // namespace

BlurPool parse_blur_pool(const std::string& name) {
  if (name == "off") return BlurPool::kOff;
  if (name == "convs") return BlurPool::kConvs;
  if (name == "all") return BlurPool::kAll;
  throw Error(ErrorKind::kInvalidArgument, "blur_pool = " + name + ": it is off, convs or all");
}

Convolution::Convolution(torch::nn::Module& owner, const std::string& name, torch::nn::Conv2d conv,
                         BlurPool blur)
    : conv_(std::move(conv)) {
  const std::int64_t channels = conv_->options.in_channels();
  if (blur == BlurPool::kOff || !is_strided(conv_) || channels < kLeastChannels) {
    owner.register_module(name, conv_);
    return;
  }
  const auto pair = owner.register_module(name, std::make_shared<torch::nn::Module>());
  pair->register_module("conv", conv_);
  filter_ = pair->register_buffer("blur_filter", binomial_filter().repeat({channels, 1, 1, 1}));
}

at::Tensor Convolution::operator()(const at::Tensor& x, const ForwardPass& pass) {
  return conv2d(*conv_, filter_.defined() ? blur(x, filter_, 1) : x, pass);
}

BlurMaxPool::BlurMaxPool() : filter_(register_buffer("filt2d", binomial_filter())) {}

at::Tensor BlurMaxPool::forward(const at::Tensor& x) {
  const at::Tensor maxima = at::max_pool2d(x, 3, /*stride=*/1, /*padding=*/1);
  return blur(maxima, filter_.expand({x.size(1), 1, 3, 3}), 2);
}

}  // namespace ringmaster::model
