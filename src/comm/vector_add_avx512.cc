#include "comm/vector_loops.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

VectorKernels avx512_kernels(DType type) {
  return kernels_for(type, "avx512");
}

WireKernels avx512_wire_kernels(DType wire) {
  return wire_kernels_for(wire, "avx512");
}

}  // namespace ringmaster::comm
