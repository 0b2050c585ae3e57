// The instruction sets that VectorKernels and WireKernels are compiled for. x86-64 only, but for
// the baseline.
#pragma once

#include "comm/vector_add.h"

namespace ringmaster::comm {

[[nodiscard]] VectorKernels baseline_kernels(DType type);
[[nodiscard]] WireKernels baseline_wire_kernels(DType wire);
[[nodiscard]] VectorKernels avx2_kernels(DType type);
[[nodiscard]] WireKernels avx2_wire_kernels(DType wire);
[[nodiscard]] VectorKernels avx512_kernels(DType type);
[[nodiscard]] WireKernels avx512_wire_kernels(DType wire);

}  // namespace ringmaster::comm
