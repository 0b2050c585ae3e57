// The last stretch of a batch: to where the model is.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "data/normalise.h"

namespace ringmaster::data {

// [B, 3, H, W], 8-bit -> normalised, of `type`, on `device`, with channels-last strides. Bytes
// travel, not floats: the arithmetic is done on the device.
[[nodiscard]] at::Tensor normalise(const at::Tensor& bytes, const Normalisation& normalisation,
                                   at::ScalarType type, c10::Device device);

// A batch's images, whichever the loader made: floats are only moved, bytes are normalised to
// float32. From pinned memory the copy runs beside the caller, in the order of the current stream.
[[nodiscard]] at::Tensor to_device(const at::Tensor& images, c10::Device device,
                                   const Normalisation& normalisation = {});

}  // namespace ringmaster::data
