#include "ckpt/host_copy.h"

#include <cstring>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

namespace ringmaster::ckpt {
namespace {

bool fits(const at::Tensor& held, const at::Tensor& live) {
  return held.defined() && held.scalar_type() == live.scalar_type() &&
         held.sizes() == live.sizes() && held.strides() == live.strides();
}

void copy_tensor(const at::Tensor& live, at::Tensor& held) {
  if (!live.defined()) {
    held = at::Tensor();
    return;
  }
  if (!fits(held, live)) {
    held = at::empty_like(
        live, live.options().device(at::kCPU).requires_grad(false).pinned_memory(live.is_cuda()));
  }
  if (live.is_cpu() && live.is_non_overlapping_and_dense()) {
    // Not copy_(): it would meet all threads once for each of hundreds of tensors, which takes
    // longer than the copy where other ranks want the cores.
    std::memcpy(held.mutable_data_ptr(), live.const_data_ptr(), live.nbytes());
  } else {
    held.copy_(live.detach());
  }
}

void copy_tensors(const NamedTensors& live, NamedTensors& held) {
  held.resize(live.size());
  for (std::size_t i = 0; i < live.size(); ++i) {
    held[i].first = live[i].first;
    copy_tensor(live[i].second, held[i].second);
  }
}

}  // namespace

const Snapshot& HostCopy::take(const Snapshot& live) {
  const at::NoGradGuard no_grad;
  copy_tensors(live.model, copy_.model);
  copy_tensors(live.ema, copy_.ema);
  copy_.optimizer.groups = live.optimizer.groups;
  copy_.optimizer.momentum_buffers.resize(live.optimizer.momentum_buffers.size());
  for (std::size_t i = 0; i < live.optimizer.momentum_buffers.size(); ++i)
    copy_tensor(live.optimizer.momentum_buffers[i], copy_.optimizer.momentum_buffers[i]);
  copy_.progress = live.progress;
  copy_.numbers = live.numbers;
  copy_.texts = live.texts;
  return copy_;
}

}  // namespace ringmaster::ckpt
