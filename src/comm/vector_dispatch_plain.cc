#include "comm/vector_add.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

std::vector<VectorKernels> all_vector_kernels(DType type) {
  return {baseline_kernels(type)};
}

}  // namespace ringmaster::comm
