#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/heap.h"

namespace ringmaster {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kHeapBytes = std::size_t{4} << 30;

// The heap grows once, by more than most runs need; none of it is touched. What is given back is
// the first that malloc hands out again, and the kernel then backs it with huge pages. A kernel
// that has none to give, or a limit on address space, leaves all as it was.
void ask_for_huge_pages() {
  void* const block = std::malloc(kHeapBytes);
  if (block == nullptr) return;
  const auto begin = (reinterpret_cast<std::uintptr_t>(block) + kHugePageBytes - 1) /
                     kHugePageBytes * kHugePageBytes;
  ::madvise(reinterpret_cast<void*>(begin), kHeapBytes - kHugePageBytes, MADV_HUGEPAGE);
  std::free(block);
}

}  // namespace

void tune_heap() {
  // mallopt(3): 1 is success. -1 turns trimming off.
  RM_CHECK_EQ(::mallopt(M_MMAP_MAX, 0), 1);
  RM_CHECK_EQ(::mallopt(M_TRIM_THRESHOLD, -1), 1);
  // The heap grows in larger steps: fewer calls, until the first step has reached its peak.
  constexpr int kGrowBytes = 64 << 20;
  RM_CHECK_EQ(::mallopt(M_TOP_PAD, kGrowBytes), 1);
  ask_for_huge_pages();
}

}  // namespace ringmaster
