// Memory of batches, used again as soon as nobody looks at it: fresh pages for every batch would
// cost more than normalising it.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ringmaster::data {

// One thread at a time. The tensors handed out may live on in any thread, and longer than the pool.
class TensorPool {
 public:
  // Of pinned memory if asked (for which LibTorch keeps a pool of its own, that waits for copies
  // to the device that are under way: those are not used again here).
  TensorPool(at::ScalarType type, bool pinned) : type_(type), pinned_(pinned) {}

  // count x 3 x side x side with channels-last strides and any content. Shares its memory with no
  // tensor that is alive.
  [[nodiscard]] at::Tensor take(std::int64_t count, std::int64_t side);

 private:
  at::ScalarType type_;
  bool pinned_;
  std::vector<at::Tensor> handed_out_;
};

}  // namespace ringmaster::data
