#include "data/to_device.h"

#include <ATen/ops/tensor.h>

#include "base/check.h"

namespace ringmaster::data {
namespace {

at::Tensor per_channel(const std::array<float, 3>& values, c10::Device device) {
  return at::tensor(at::ArrayRef<float>(values), at::kFloat).to(device).view({1, 3, 1, 1});
}

}  // namespace

at::Tensor normalise(const at::Tensor& bytes, const Normalisation& normalisation,
                     at::ScalarType type, c10::Device device) {
  RM_CHECK(bytes.scalar_type() == at::kByte && bytes.dim() == 4 && bytes.size(1) == 3,
           "normalise() takes 8-bit images");
  std::array<float, 3> scale{}, bias{};
  for (std::size_t c = 0; c < 3; ++c) {
    scale[c] = 1.0f / (255.0f * normalisation.deviation[c]);
    bias[c] = -normalisation.mean[c] / normalisation.deviation[c];
  }
  const at::Tensor moved = bytes.to(device, /*non_blocking=*/true);
  return moved.to(at::kFloat)
      .mul_(per_channel(scale, device))
      .add_(per_channel(bias, device))
      .to(type)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor to_device(const at::Tensor& images, c10::Device device,
                     const Normalisation& normalisation) {
  if (images.scalar_type() == at::kByte)
    return normalise(images, normalisation, at::kFloat, device);
  return images.to(device, /*non_blocking=*/true);
}

}  // namespace ringmaster::data
