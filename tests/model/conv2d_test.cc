#include "model/conv2d.h"

#include <array>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function.h>

namespace ringmaster::model {
namespace {

struct Case {
  std::int64_t batch, inputs, outputs, kernel, stride, padding, height, width;
};

torch::nn::Conv2d layer_of(const Case& c, std::int64_t groups = 1) {
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(c.inputs, c.outputs, c.kernel)
                              .stride(c.stride)
                              .padding(c.padding)
                              .groups(groups)
                              .bias(false));
  const at::NoGradGuard no_grad;
  layer->weight.set_data(layer->weight.contiguous(at::MemoryFormat::ChannelsLast));
  return layer;
}

at::Tensor images(const Case& c) {
  return at::randn({c.batch, c.inputs, c.height, c.width})
      .contiguous(at::MemoryFormat::ChannelsLast)
      .requires_grad_();
}

// Whether the output's gradients would be computed here and not by LibTorch.
bool is_ours(const at::Tensor& output) {
  return output.grad_fn()->name().find("SmallMap") != std::string::npos;
}

double relative_error(const at::Tensor& got, const at::Tensor& want) {
  return ((got - want).abs().max() / want.abs().max()).item<double>();
}

// LibTorch's gradients in double precision, of the input and the weights.
std::vector<at::Tensor> reference(const Case& c, const at::Tensor& gradient, const at::Tensor& x,
                                  const at::Tensor& weight) {
  const std::array<std::int64_t, 2> strides{c.stride, c.stride}, paddings{c.padding, c.padding};
  const auto gradients = at::convolution_backward(
      gradient.to(at::kDouble), x.detach().to(at::kDouble), weight.detach().to(at::kDouble), {},
      strides, paddings, /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
      /*groups=*/1, {true, true, false});
  return {std::get<0>(gradients), std::get<1>(gradients)};
}

TEST(Conv2d, GradientsOnSmallMapsAreThoseOfLibTorch) {
  const std::vector<Case> cases = {
      {3, 128, 128, 3, 1, 1, 1, 1},  // one tap of nine sees a pixel
      {3, 128, 64, 3, 2, 1, 2, 2},  {2, 64, 128, 3, 2, 1, 1, 1}, {2, 64, 128, 3, 1, 1, 2, 2},
      {2, 64, 128, 3, 2, 1, 7, 7},  {2, 64, 128, 3, 1, 1, 8, 8}, {2, 64, 128, 1, 1, 0, 7, 7},
      {2, 64, 128, 1, 2, 0, 7, 5},  {2, 64, 128, 1, 2, 0, 1, 1}, {2, 64, 128, 3, 1, 1, 3, 8},
      {2, 64, 128, 5, 3, 2, 6, 4},  {2, 64, 128, 3, 1, 0, 4, 4}, {2, 64, 128, 3, 2, 1, 2, 16},
      {1, 64, 128, 7, 1, 3, 2, 2},  // taps that never see a pixel
  };
  for (const Case& c : cases) {
    SCOPED_TRACE("kernel " + std::to_string(c.kernel) + ", stride " + std::to_string(c.stride) +
                 ", " + std::to_string(c.height) + " x " + std::to_string(c.width));
    torch::nn::Conv2d layer = layer_of(c);
    const at::Tensor x = images(c);
    const at::Tensor y = conv2d(*layer, x, {});
    ASSERT_TRUE(is_ours(y)) << y.grad_fn()->name();
    EXPECT_LT(relative_error(y, layer->forward(x)), 1e-6);
    const at::Tensor gradient = at::randn_like(y);
    y.backward(gradient);
    const auto want = reference(c, gradient, x, layer->weight);
    EXPECT_LT(relative_error(x.grad(), want[0]), 2e-6);
    EXPECT_LT(relative_error(layer->weight.grad(), want[1]), 2e-6);
    EXPECT_TRUE(layer->weight.grad().is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(Conv2d, AnyMemoryFormatOfInputAndGradient) {
  const Case c{2, 64, 128, 3, 1, 1, 4, 4};
  torch::nn::Conv2d layer = layer_of(c);
  const at::Tensor x = at::randn({c.batch, c.inputs, c.height, c.width}).requires_grad_();
  const at::Tensor gradient = at::randn({c.batch, c.outputs, 1, 1}).expand({-1, -1, 4, 4});
  conv2d(*layer, x, {}).backward(gradient);
  const auto want = reference(c, gradient, x, layer->weight);
  EXPECT_LT(relative_error(x.grad(), want[0]), 2e-6);
  EXPECT_LT(relative_error(layer->weight.grad(), want[1]), 2e-6);
}

TEST(Conv2d, OnlyTheGradientsThatAreWanted) {
  const Case c{2, 64, 128, 3, 1, 1, 2, 2};
  torch::nn::Conv2d layer = layer_of(c);
  const at::Tensor x = images(c);
  const at::Tensor fixed = x.detach();
  conv2d(*layer, fixed, {}).sum().backward();
  EXPECT_TRUE(layer->weight.grad().defined());
  EXPECT_FALSE(fixed.grad().defined());

  layer->weight.mutable_grad().reset();
  layer->weight.set_requires_grad(false);  // a frozen layer
  const at::Tensor y = conv2d(*layer, x, {});
  EXPECT_FALSE(is_ours(y));
  y.sum().backward();
  EXPECT_TRUE(x.grad().defined());
  EXPECT_FALSE(layer->weight.grad().defined());

  layer->weight.set_requires_grad(true);
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(conv2d(*layer, x, {}).requires_grad());
}

TEST(Conv2d, OtherConvolutionsAreLeftToLibTorch) {
  const auto ours = [](const Case& c, std::int64_t groups = 1) {
    return is_ours(conv2d(*layer_of(c, groups), images(c), {}));
  };
  EXPECT_TRUE(ours({2, 64, 128, 3, 1, 1, 8, 8}));
  EXPECT_FALSE(ours({2, 64, 128, 3, 1, 1, 9, 8})) << "a map that is not small";
  EXPECT_FALSE(ours({2, 64, 64, 3, 1, 1, 8, 8})) << "few channels";
  EXPECT_FALSE(ours({2, 64, 128, 3, 1, 1, 8, 8}, 2)) << "groups";

  const Case c{2, 64, 128, 3, 1, 1, 2, 2};
  ForwardPass asked;
  asked.torch_gradients = true;
  EXPECT_FALSE(is_ours(conv2d(*layer_of(c), images(c), asked))) << "torch_gradients";
  torch::nn::Conv2d wide = layer_of(c);
  wide->to(at::kBFloat16);
  EXPECT_FALSE(is_ours(conv2d(*wide, images(c).to(at::kBFloat16), {}))) << "bfloat16";
  torch::nn::Conv2d dilated(torch::nn::Conv2dOptions(64, 128, 3).padding(2).dilation(2));
  EXPECT_FALSE(is_ours(conv2d(*dilated, images(c), {}))) << "dilation and bias";

  at::autocast::set_autocast_enabled(at::kCPU, true);
  EXPECT_FALSE(is_ours(conv2d(*layer_of(c), images(c), {}))) << "autocast";
  at::autocast::set_autocast_enabled(at::kCPU, false);
}

}  // namespace
}  // namespace ringmaster::model
