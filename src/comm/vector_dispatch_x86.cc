#include "comm/vector_add.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {

std::vector<VectorKernels> all_vector_kernels(DType type) {
  std::vector<VectorKernels> sets;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    sets.push_back(avx512_kernels(type));
  }
  if (__builtin_cpu_supports("avx2")) sets.push_back(avx2_kernels(type));
  sets.push_back(baseline_kernels(type));
  return sets;
}

}  // namespace ringmaster::comm
