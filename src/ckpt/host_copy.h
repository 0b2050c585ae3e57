#pragma once

#include <cstddef>
#include <memory>

#include "ckpt/host_arena.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {

// A snapshot's own copy in host memory, made quickly. Tensors in host memory are copied into one
// arena that is used again and again: those that lie side by side in one buffer (flat parameters,
// flat momentum) in one piece, by several threads. Tensors of a GPU go into pinned memory of their
// own. Tensors keep their strides. One thread at a time.
class HostCopy {
 public:
  // `threads` > 0: that copy, the caller's among them.
  explicit HostCopy(int threads) : threads_(threads) {}

  // Makes room for snapshots of about so many bytes in host memory: then the first take() is as
  // quick as the others.
  void reserve(std::size_t size_bytes);

  // Returns when `live` may change again. The result holds until the next call.
  [[nodiscard]] const Snapshot& take(const Snapshot& live);

 private:
  const int threads_;
  std::unique_ptr<HostArena> arena_;
  Snapshot copy_;  // tensors in host memory lie in the arena
};

}  // namespace ringmaster::ckpt
