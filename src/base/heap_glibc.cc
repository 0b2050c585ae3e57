#include <malloc.h>

#include "base/check.h"
#include "base/heap.h"

namespace ringmaster {

void keep_freed_memory() {
  // mallopt(3): 1 is success. -1 turns trimming off.
  RM_CHECK_EQ(::mallopt(M_MMAP_MAX, 0), 1);
  RM_CHECK_EQ(::mallopt(M_TRIM_THRESHOLD, -1), 1);
  // The heap grows in larger steps: fewer calls, until the first step has reached its peak.
  constexpr int kGrowBytes = 64 << 20;
  RM_CHECK_EQ(::mallopt(M_TOP_PAD, kGrowBytes), 1);
}

}  // namespace ringmaster
