// The instruction sets that VectorKernels are compiled for. x86-64 only, but for the baseline.
#pragma once

#include "comm/vector_add.h"

namespace ringmaster::comm {

[[nodiscard]] VectorKernels baseline_kernels(DType type);
[[nodiscard]] VectorKernels avx2_kernels(DType type);
[[nodiscard]] VectorKernels avx512_kernels(DType type);

}  // namespace ringmaster::comm
