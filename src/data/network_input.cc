#include "data/network_input.h"

#include "data/to_device.h"

namespace ringmaster::data {
namespace {

void erase(const std::vector<image::Crop>& boxes, const at::Tensor& images) {
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const image::Crop& box = boxes[i];
    if (box.height == 0 || box.width == 0) continue;
    images.select(0, static_cast<std::int64_t>(i))
        .slice(1, box.top, box.top + box.height)
        .slice(2, box.left, box.left + box.width)
        .zero_();
  }
}

}  // namespace

at::Tensor network_input(const Batch& batch, c10::Device device,
                         const Normalisation& normalisation) {
  const at::Tensor images = to_device(batch.images, device, normalisation);
  erase(batch.erased, images);
  return mix_images(images, batch.mix);
}

}  // namespace ringmaster::data
