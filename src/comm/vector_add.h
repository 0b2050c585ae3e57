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
  // No element is infinite or NaN. Integers always are finite.
  bool (*all_finite)(const void* y, std::int64_t count_elems);
  const char* name;  // "avx512", "avx2", "baseline"
};

// Between float32 and what travels in its place on a compressed wire. `wire` values: float16 or
// bfloat16, rounded to nearest even, so that what float16 can't hold becomes infinite; a NaN stays
// one. What has been rounded once is not changed by rounding it again. Otherwise as above.
struct WireKernels {
  void (*narrow)(void* wire, const float* x, std::int64_t count_elems);  // wire = x, rounded
  void (*widen)(float* y, const void* wire, std::int64_t count_elems);   // y = wire
  void (*add)(float* y, const void* wire, std::int64_t count_elems);     // y += wire
  void (*add_scale)(float* y, const void* wire, std::int64_t count_elems,
                    double scale);                    // scale*(y+wire)
  void (*round)(float* y, std::int64_t count_elems);  // y = what the other end would get of it
  const char* name;
};

// The fastest set of this processor.
[[nodiscard]] VectorKernels vector_kernels(DType type);
// REQUIRES: float16 or bfloat16.
[[nodiscard]] WireKernels wire_kernels(DType wire);
// All sets that this processor can run, fastest first; the last is "baseline", everywhere.
[[nodiscard]] std::vector<VectorKernels> all_vector_kernels(DType type);
[[nodiscard]] std::vector<WireKernels> all_wire_kernels(DType wire);

}  // namespace ringmaster::comm
