#include "ckpt/parallel_copy.h"

#include <algorithm>
#include <thread>

#include "base/stream_copy.h"

namespace ringmaster::ckpt {
namespace {

// Less is not worth another thread's start.
constexpr std::size_t kMinShareBytes = 4 << 20;

// The bytes [begin, end) of all pieces put together.
void copy_range(const std::vector<CopyPiece>& pieces, std::size_t begin, std::size_t end) {
  std::size_t piece_begin = 0;
  for (const CopyPiece& piece : pieces) {
    const std::size_t piece_end = piece_begin + piece.size_bytes;
    const std::size_t first = std::max(begin, piece_begin), last = std::min(end, piece_end);
    if (first < last) {
      const std::size_t offset = first - piece_begin;
      stream_copy(piece.to + offset, piece.from + offset, last - first);
    }
    piece_begin = piece_end;
  }
}

}  // namespace

void copy_in_parallel(const std::vector<CopyPiece>& pieces, int threads) {
  std::size_t total_bytes = 0;
  for (const CopyPiece& piece : pieces) total_bytes += piece.size_bytes;
  const std::size_t shares =
      std::clamp<std::size_t>(total_bytes / kMinShareBytes, 1, static_cast<std::size_t>(threads));
  const auto copy_share = [&](std::size_t share) {
    copy_range(pieces, total_bytes * share / shares, total_bytes * (share + 1) / shares);
  };
  std::vector<std::thread> helpers;
  for (std::size_t share = 1; share < shares; ++share) helpers.emplace_back(copy_share, share);
  copy_share(0);
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace ringmaster::ckpt
