#pragma once

#include <cstddef>
#include <vector>

namespace ringmaster::ckpt {

struct CopyPiece {
  std::byte* to = nullptr;
  const std::byte* from = nullptr;
  std::size_t size_bytes = 0;
};

// Copies all pieces, which must not overlap, with `threads` > 0 threads, the caller's among them,
// each with the same share of the bytes. Returns when all is copied.
void copy_in_parallel(const std::vector<CopyPiece>& pieces, int threads);

}  // namespace ringmaster::ckpt
