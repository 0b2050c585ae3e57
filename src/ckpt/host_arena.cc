#include "ckpt/host_arena.h"

#include <cerrno>

#include <sys/mman.h>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::size_t kHugePageBytes = 2 << 20;
constexpr std::size_t kPageBytes = 4096;
constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE (Linux 5.14), not in every libc's headers

}  // namespace

HostArena::HostArena(std::size_t size_bytes)
    : size_bytes_((size_bytes + kHugePageBytes) / kHugePageBytes * kHugePageBytes) {
  void* const memory =
      ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw io_error(join_text("reserve ", size_bytes_, " bytes for checkpoints"), errno);
  data_ = static_cast<std::byte*>(memory);
  // Only advice: without huge pages the copy is a little slower.
  (void)::madvise(memory, size_bytes_, MADV_HUGEPAGE);
  if (::madvise(memory, size_bytes_, kPopulateWrite) == 0) return;
  for (std::size_t at = 0; at < size_bytes_; at += kPageBytes) {
    static_cast<volatile std::byte*>(data_)[at] = std::byte{0};
  }
}

HostArena::~HostArena() {
  ::munmap(data_, size_bytes_);
}

}  // namespace ringmaster::ckpt
