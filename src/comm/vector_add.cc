#include "comm/vector_add.h"

#include "base/check.h"

namespace ringmaster::comm {

VectorKernels vector_kernels(DType type) {
  return all_vector_kernels(type).front();
}

WireKernels wire_kernels(DType wire) {
  RM_CHECK(wire == DType::kFloat16 || wire == DType::kBFloat16, "a wire of ", name_of(wire));
  return all_wire_kernels(wire).front();
}

}  // namespace ringmaster::comm
