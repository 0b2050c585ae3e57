#include "comm/vector_add.h"
#include "comm/vector_sets.h"

namespace ringmaster::comm {
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

// The sets that this processor can run, fastest first.
template <typename Kernels>
std::vector<Kernels> runnable(Kernels (*avx512)(DType), Kernels (*avx2)(DType),
                              Kernels (*baseline)(DType), DType type) {
  std::vector<Kernels> sets;
  if (has_avx512()) sets.push_back(avx512(type));
  if (__builtin_cpu_supports("avx2")) sets.push_back(avx2(type));
  sets.push_back(baseline(type));
  return sets;
}

}  // namespace

std::vector<VectorKernels> all_vector_kernels(DType type) {
  return runnable(avx512_kernels, avx2_kernels, baseline_kernels, type);
}

std::vector<WireKernels> all_wire_kernels(DType wire) {
  return runnable(avx512_wire_kernels, avx2_wire_kernels, baseline_wire_kernels, wire);
}

}  // namespace ringmaster::comm
