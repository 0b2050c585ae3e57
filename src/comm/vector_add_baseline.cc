#include "comm/vector_loops.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

VectorKernels baseline_kernels(DType type) {
  return kernels_for(type, "baseline");
}

WireKernels baseline_wire_kernels(DType wire) {
  return wire_kernels_for(wire, "baseline");
}

}  // namespace ringmaster::comm
