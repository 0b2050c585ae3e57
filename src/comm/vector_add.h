// The arithmetic of a reduction on the CPU: one pass over memory per call, with the widest vector
// instructions that this processor has.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/dtype.h"

namespace ringmaster::comm {

// `y` and `x`: `count_elems` elements of one type, aligned to their size, not overlapping. float16
// and bfloat16 are computed in float32 and rounded to nearest even; integers wrap, and their scale
// must be 1 (it is ignored). Every set of kernels gives the same bits. Thread-safe.
struct VectorKernels {
  void (*add)(void* y, const void* x, std::int64_t count_elems);                      // y += x
  void (*add_scale)(void* y, const void* x, std::int64_t count_elems, double scale);  // scale*(y+x)
  void (*scale)(void* y, std::int64_t count_elems, double scale);                     // y *= scale
  const char* name;  // "avx512", "avx2", "baseline"
};

// The fastest set of this processor.
[[nodiscard]] VectorKernels vector_kernels(DType type);
// All sets that this processor can run, fastest first; the last is "baseline", everywhere.
[[nodiscard]] std::vector<VectorKernels> all_vector_kernels(DType type);

}  // namespace ringmaster::comm
