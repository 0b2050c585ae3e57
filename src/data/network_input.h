// The last stretch of a training batch.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "data/batch_pipeline.h"

namespace ringmaster::data {

// Of `batch`'s images, whichever the loader made: on `device`, normalised, erased, then mixed. The
// same for either kind of images but for the last bits of the normalisation. May share memory with
// them.
[[nodiscard]] at::Tensor network_input(const Batch& batch, c10::Device device,
                                       const Normalisation& normalisation = {});

}  // namespace ringmaster::data
