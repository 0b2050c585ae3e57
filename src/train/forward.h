// The forward pass of training: made by every step, and once more where a step is looked into.
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "data/batch_pipeline.h"
#include "model/resnet.h"
#include "model/stochastic_depth.h"
#include "train/precision.h"

namespace ringmaster::train {

struct ForwardOptions {
  c10::Device device = c10::Device(c10::kCPU);
  Precision precision = Precision::kFloat32;
  bool torch_gradients = false;  // ForwardPass's
  double label_smoothing = 0;
  model::StochasticDepth stochastic_depth;
};

struct ForwardResult {
  at::Tensor logits;
  at::Tensor targets;  // of the hits, int64 [N]
  at::Tensor loss;     // a scalar, to call backward() on
};

// Of a batch of `epoch`. `watch`: ForwardPass's. A function of its arguments and the model's state.
[[nodiscard]] ForwardResult run_forward(model::ResNet& model, const data::Batch& batch,
                                        std::int64_t epoch, const ForwardOptions& options,
                                        const model::LayerWatch& watch = {});

}  // namespace ringmaster::train
