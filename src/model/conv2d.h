// The networks' convolutions: LibTorch's, but for one gradient.
//
// LibTorch 2.11's CPU kernels (oneDNN) are slow at the gradient of the weights where maps are
// small: 62 ms for 512 -> 512 channels, 3x3, on 64 maps of one pixel, whose forward takes 4 ms.
// That is half of a step of ResNet-18 on 28 px, and every network at 32 to 64 px has such layers.
// There the gradient is computed here, as a sum over the taps (positions in the kernel) of one
// matrix product each, of the pixels that the tap sees and never of padding: 1.2 ms.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/conv.h>

#include "model/forward_pass.h"

namespace ringmaster::model {

// layer.forward(x), same values. The gradient of layer.weight is ours (equal but for float32
// rounding; same bits each time; in channels-last memory; can't be differentiated again) for
// trained float32 weights on the CPU without autocast, bias, groups or dilation, square kernels
// with the same stride and padding both ways, outputs of at most 64 pixels, and inputs x outputs of
// at least 64 x 128 channels, below which LibTorch is as fast; unless pass.torch_gradients.
[[nodiscard]] at::Tensor conv2d(torch::nn::Conv2dImpl& layer, const at::Tensor& x,
                                const ForwardPass& pass);

}  // namespace ringmaster::model
