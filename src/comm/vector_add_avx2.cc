#include "comm/vector_loops.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

VectorKernels avx2_kernels(DType type) {
  return kernels_for(type, "avx2");
}

WireKernels avx2_wire_kernels(DType wire) {
  return wire_kernels_for(wire, "avx2");
}

}  // namespace ringmaster::comm
