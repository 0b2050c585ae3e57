#include "comm/vector_add.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

std::vector<VectorKernels> all_vector_kernels(DType type) {
  return {baseline_kernels(type)};
}

std::vector<WireKernels> all_wire_kernels(DType wire) {
  return {baseline_wire_kernels(wire)};
}

}  // namespace ringmaster::comm
