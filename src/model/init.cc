#include "model/init.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "base/philox.h"

namespace ringmaster::model {
namespace {

// Elements that one random stream serves. Part of what a seed means: do not change.
constexpr std::int64_t kBlockElems = 1024;

// Sets every element of `tensor`, in the order of its indices whatever its strides, to
// draw(stream).
template <typename Draw>
void fill(const at::Tensor& tensor, InitKey key, Draw draw) {
  const at::NoGradGuard no_grad;
  const at::Tensor values = at::empty(tensor.sizes(), at::kFloat);
  float* const out = values.mutable_data_ptr<float>();
  const std::int64_t count = values.numel();
  for (std::int64_t begin = 0; begin < count; begin += kBlockElems) {
    RandomStream stream(key.seed, RandomUse::kModelInit, key.parameter,
                        static_cast<std::uint64_t>(begin / kBlockElems));
    const std::int64_t end = std::min(begin + kBlockElems, count);
    for (std::int64_t i = begin; i < end; ++i) out[i] = static_cast<float>(draw(stream));
  }
  tensor.copy_(values);
}

}  // namespace

void fill_kaiming_normal(const at::Tensor& weight, InitKey key) {
  const auto fan_out = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
  const double deviation = std::sqrt(2 / fan_out);
  fill(weight, key, [&](RandomStream& stream) { return deviation * stream.normal(); });
}

void fill_linear_uniform(const at::Tensor& tensor, std::int64_t fan_in, InitKey key) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  fill(tensor, key, [&](RandomStream& stream) { return stream.uniform(-bound, bound); });
}

}  // namespace ringmaster::model
