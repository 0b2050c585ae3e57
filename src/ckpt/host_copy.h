#pragma once

#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {

// A snapshot's own copy in host memory, made quickly: what it has allocated once it uses again
// (fresh memory costs more than the copy), pinned where the tensors come from a GPU. Tensors keep
// their strides. One thread at a time.
class HostCopy {
 public:
  // Returns when `live` may change again. The result holds until the next call.
  [[nodiscard]] const Snapshot& take(const Snapshot& live);

 private:
  Snapshot copy_;
};

}  // namespace ringmaster::ckpt
