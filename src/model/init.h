// Random initial values that are a function of (seed, parameter, element), so the same on every
// rank and for any number of threads.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ringmaster::model {

// Which numbers a parameter gets: the run's seed and its index in registration order.
struct InitKey {
  std::uint64_t seed = 0;
  std::uint64_t parameter = 0;
};

// Normal with mean 0 and variance 2 / fan_out, fan_out = output channels x kernel area (He et al.,
// "Delving deep into rectifiers", ICCV 2015; torch.nn.init.kaiming_normal_, mode="fan_out",
// nonlinearity="relu"). `weight`: a convolution's [out, in / groups, kh, kw], float32.
void fill_kaiming_normal(const at::Tensor& weight, InitKey key);

// Uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)): the default of torch.nn.Linear's weight and bias.
void fill_linear_uniform(const at::Tensor& tensor, std::int64_t fan_in, InitKey key);

}  // namespace ringmaster::model
