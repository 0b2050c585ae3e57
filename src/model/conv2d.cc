#include "model/conv2d.h"

#include <algorithm>
#include <array>
#include <variant>

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ringmaster::model {
namespace {

using LayerOptions = decltype(torch::nn::Conv2dImpl::options);

// Where ours was faster than oneDNN in every shape of a ResNet that was tried (1.2 to 54 times,
// AVX2); kernels of 3x3 with 64 -> 64 channels on 7x7 pixels took 1.4 times as long.
constexpr std::int64_t kMostPixels = 8 * 8;
constexpr std::int64_t kLeastChannelPairs = 64 * 128;

// Along one axis: the outputs [begin, end) whose input under the tap is inside the map; that input
// is output * stride + shift.
struct Seen {
  std::int64_t begin, end, stride, shift;
  [[nodiscard]] bool none() const { return begin >= end; }
  [[nodiscard]] at::Tensor of_outputs(const at::Tensor& map, std::int64_t axis) const {
    return map.slice(axis, begin, end);
  }
  [[nodiscard]] at::Tensor of_inputs(const at::Tensor& map, std::int64_t axis) const {
    return map.slice(axis, begin * stride + shift, (end - 1) * stride + shift + 1, stride);
  }
};

Seen seen_by(std::int64_t tap, std::int64_t stride, std::int64_t padding, std::int64_t input,
             std::int64_t output) {
  const std::int64_t shift = tap - padding;
  const std::int64_t begin = shift < 0 ? (-shift + stride - 1) / stride : 0;
  const std::int64_t end = shift < input ? (input - 1 - shift) / stride + 1 : 0;
  return {begin, std::min(end, output), stride, shift};
}

at::Tensor rows(const at::Tensor& map) {  // [N, H, W, C] -> [N * H * W, C]
  return map.reshape({-1, map.size(3)});
}

// `gradient`: of the output. Kernels are square, with the same stride and padding both ways.
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, std::int64_t kernel,
                           std::int64_t stride, std::int64_t padding) {
  const at::Tensor out = gradient.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
  const at::Tensor in = x.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
  const at::Tensor sum = at::zeros({out.size(3), kernel, kernel, in.size(3)}, x.options());
  for (std::int64_t i = 0; i < kernel; ++i) {
    const Seen down = seen_by(i, stride, padding, in.size(1), out.size(1));
    for (std::int64_t j = 0; j < kernel; ++j) {
      const Seen across = seen_by(j, stride, padding, in.size(2), out.size(2));
      if (down.none() || across.none()) continue;
      at::Tensor tap = sum.select(1, i).select(1, j);
      at::mm_out(tap, rows(across.of_outputs(down.of_outputs(out, 1), 2)).t(),
                 rows(across.of_inputs(down.of_inputs(in, 1), 2)));
    }
  }
  return sum.permute({0, 3, 1, 2});
}

// Its name is in the autograd graph.
class SmallMapConv2d : public torch::autograd::Function<SmallMapConv2d> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, std::int64_t stride, std::int64_t padding) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return at::conv2d(x, weight, {}, stride, padding);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const std::int64_t stride = context->saved_data["stride"].toInt();
    const std::int64_t padding = context->saved_data["padding"].toInt();
    at::Tensor of_x;
    if (context->needs_input_grad(0)) {
      const std::array<std::int64_t, 2> strides{stride, stride}, paddings{padding, padding};
      of_x = std::get<0>(at::convolution_backward(gradient, x, weight, {}, strides, paddings,
                                                  /*dilation=*/{1, 1}, /*transposed=*/false,
                                                  /*output_padding=*/{0, 0}, /*groups=*/1,
                                                  {true, false, false}));
    }
    return {of_x, weight_gradient(gradient, x, weight.size(2), stride, padding), {}, {}};
  }
};

// Pixels of an output; the layer is one of those of is_plain().
std::int64_t output_pixels(const LayerOptions& options, const at::Tensor& x) {
  const auto& padding = std::get<torch::ExpandingArray<2>>(options.padding());
  std::int64_t pixels = 1;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t input = x.size(static_cast<std::int64_t>(axis) + 2);
    const std::int64_t room = input + 2 * (*padding)[axis] - (*options.kernel_size())[axis];
    pixels *= room / (*options.stride())[axis] + 1;
  }
  return pixels;
}

// Whether it is one of those that weight_gradient() knows.
bool is_plain(const LayerOptions& options) {
  const auto both_are = [](const torch::ExpandingArray<2>& pair, std::int64_t value) {
    return (*pair)[0] == value && (*pair)[1] == value;
  };
  const auto is_square = [&](const torch::ExpandingArray<2>& pair) {
    return both_are(pair, (*pair)[0]);
  };
  const auto* padding = std::get_if<torch::ExpandingArray<2>>(&options.padding());
  return padding != nullptr && is_square(*padding) && is_square(options.stride()) &&
         is_square(options.kernel_size()) && both_are(options.dilation(), 1) &&
         options.groups() == 1 && !options.bias();
}

bool is_ours(const torch::nn::Conv2dImpl& layer, const at::Tensor& x) {
  const at::Tensor& weight = layer.weight;
  return at::GradMode::is_enabled() && weight.requires_grad() && weight.is_cpu() &&
         weight.scalar_type() == at::kFloat && x.scalar_type() == at::kFloat &&
         !at::autocast::is_autocast_enabled(at::kCPU) && is_plain(layer.options) &&
         weight.size(0) * weight.size(1) >= kLeastChannelPairs &&
         output_pixels(layer.options, x) <= kMostPixels;
}

}  // namespace

at::Tensor conv2d(torch::nn::Conv2dImpl& layer, const at::Tensor& x, const ForwardPass& pass) {
  if (pass.torch_gradients || !is_ours(layer, x)) return layer.forward(x);
  const auto& padding = std::get<torch::ExpandingArray<2>>(layer.options.padding());
  return SmallMapConv2d::apply(x, layer.weight, (*layer.options.stride())[0], (*padding)[0]);
}

}  // namespace ringmaster::model
