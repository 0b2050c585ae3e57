#include "ckpt/host_copy.h"

#include <algorithm>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include "ckpt/parallel_copy.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::size_t kAlignBytes = 64;
constexpr std::ptrdiff_t kMaxGapBytes = 4096;  // padding between the slots of a flat tensor

// Where the tensors go that lie in host memory, without holes of their own.
struct Layout {
  struct Stretch {  // of one buffer, with several tensors
    const std::byte* from;
    std::size_t offset_bytes, size_bytes;
  };
  std::vector<std::size_t> offsets_bytes;  // of each tensor, where it is such a one
  std::vector<Stretch> stretches;
  std::size_t size_bytes = 0;
};

bool is_plain(const at::Tensor& tensor) {
  return tensor.defined() && tensor.is_cpu() && tensor.is_non_overlapping_and_dense();
}

const std::byte* begin_of(const at::Tensor& tensor) {
  return static_cast<const std::byte*>(tensor.const_data_ptr());
}

// Whether `next`, which begins behind `last`, is copied with it.
bool joins(const at::Tensor& last, const at::Tensor& next) {
  const std::byte* const end = begin_of(last) + last.nbytes();
  return next.storage().is_alias_of(last.storage()) && begin_of(next) >= end &&
         begin_of(next) - end <= kMaxGapBytes;
}

Layout lay_out(const std::vector<at::Tensor>& tensors) {
  Layout layout;
  layout.offsets_bytes.resize(tensors.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (is_plain(tensors[i]) && tensors[i].nbytes() > 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return begin_of(tensors[a]) < begin_of(tensors[b]);
  });
  const at::Tensor* last = nullptr;
  for (const std::size_t i : order) {
    const at::Tensor& tensor = tensors[i];
    if (last == nullptr || !joins(*last, tensor)) {
      const std::size_t begin = (layout.size_bytes + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
      layout.stretches.push_back({begin_of(tensor), begin, 0});
    }
    Layout::Stretch& stretch = layout.stretches.back();
    const auto within = static_cast<std::size_t>(begin_of(tensor) - stretch.from);
    stretch.size_bytes = within + tensor.nbytes();
    layout.offsets_bytes[i] = stretch.offset_bytes + within;
    layout.size_bytes = stretch.offset_bytes + stretch.size_bytes;
    last = &tensor;
  }
  return layout;
}

// All tensors of a snapshot, always in the same order.
template <typename SnapshotRef, typename Visit>
void for_each_tensor(SnapshotRef& snapshot, Visit visit) {
  for (auto& entry : snapshot.model) visit(entry.second);
  for (auto& entry : snapshot.ema) visit(entry.second);
  for (auto& buffer : snapshot.optimizer.momentum_buffers) visit(buffer);
}

bool fits(const at::Tensor& held, const at::Tensor& live) {
  return held.defined() && held.scalar_type() == live.scalar_type() &&
         held.sizes() == live.sizes() && held.strides() == live.strides();
}

void hold_at(std::byte* place, const at::Tensor& live, at::Tensor& held) {
  if (fits(held, live) && begin_of(held) == place) return;
  held = at::from_blob(place, live.sizes(), live.strides(),
                       at::TensorOptions().dtype(live.scalar_type()));
}

// What has to be gathered, or comes from a GPU.
void copy_apart(const at::Tensor& live, at::Tensor& held) {
  if (!live.defined()) {
    held = at::Tensor();
    return;
  }
  if (!fits(held, live)) {
    held = at::empty_like(
        live, live.options().device(at::kCPU).requires_grad(false).pinned_memory(live.is_cuda()));
  }
  held.copy_(live.detach());
}

// `held` gets everything of `live` but its tensors, and room for these.
void copy_records(const Snapshot& live, Snapshot& held) {
  const auto copy_names = [](const NamedTensors& from, NamedTensors& to) {
    to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i].first = from[i].first;
  };
  copy_names(live.model, held.model);
  copy_names(live.ema, held.ema);
  held.optimizer.groups = live.optimizer.groups;
  held.optimizer.momentum_buffers.resize(live.optimizer.momentum_buffers.size());
  held.scaler = live.scaler;
  held.progress = live.progress;
  held.numbers = live.numbers;
  held.texts = live.texts;
}

}  // namespace

void HostCopy::reserve(std::size_t size_bytes) {
  if (arena_ && arena_->size_bytes() >= size_bytes) return;
  copy_ = {};  // its tensors lie in the arena before
  arena_.reset();
  arena_ = std::make_unique<HostArena>(size_bytes);
}

const Snapshot& HostCopy::take(const Snapshot& live) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> tensors;
  for_each_tensor(live, [&](const at::Tensor& tensor) { tensors.push_back(tensor); });
  const Layout layout = lay_out(tensors);
  reserve(layout.size_bytes);
  copy_records(live, copy_);
  std::size_t i = 0;
  for_each_tensor(copy_, [&](at::Tensor& held) {
    if (is_plain(tensors[i])) {
      hold_at(arena_->data() + layout.offsets_bytes[i], tensors[i], held);
    } else {
      copy_apart(tensors[i], held);
    }
    ++i;
  });
  std::vector<CopyPiece> pieces;
  for (const Layout::Stretch& stretch : layout.stretches)
    pieces.push_back({arena_->data() + stretch.offset_bytes, stretch.from, stretch.size_bytes});
  copy_in_parallel(pieces, threads_);
  return copy_;
}

}  // namespace ringmaster::ckpt
