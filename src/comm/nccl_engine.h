// The reduction engine of GPU ranks: an arena in device memory, reduced by our own rings over
// ncclSend/ncclRecv and our addition kernel, or by ncclAllReduce.
//
// Reductions run in start() order on a stream of their own, beside the caller's work. A thread of
// the engine queues them, since NCCL's non-blocking calls have to be polled until they are queued,
// which would hold up backward's launches.
//
// finish() of more than one rank waits on the host, polling, until the GPU has completed everything
// that was started. That costs a step the launch of the optimizer's first kernel (microseconds),
// and it is what keeps a broken sum out of the parameters: a lost or stuck peer would otherwise
// show up only when the host next waits for the GPU, without a deadline, and aborting the
// communicator lets the GPU go on with undefined sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "comm/allreduce_table.h"
#include "comm/control.h"
#include "comm/engine.h"

namespace ringmaster::comm {

struct NcclEngineOptions {
  DType dtype = DType::kFloat32;  // float32, float16 or bfloat16
  std::int64_t capacity_elems = 0;
  // float16 or bfloat16: what float32 elements travel as, half the bytes at the price of their
  // digits; they are added in float32. Not with "nccl", which adds what it sends. Nothing: as they
  // are.
  std::optional<DType> wire;
  // "ring", "hierarchical": ours (nccl_algorithms.h); the same bits in every run with as many
  // ranks, placed alike. "nccl": ncclAllReduce, whose order of addition may change with the
  // cluster's shape and NCCL's version. "auto": by size, as a table says.
  std::string algorithm = "ring";
  // As in EngineOptions.
  std::function<AllreduceTable(const TableRequest&)> table;
  int device = 0;
  // For making the communicator, and for each wait while reductions are queued.
  double deadline_s = 300;
  // What one exchange moves at most. A larger chunk is pipelined (one segment travels while another
  // is added), at the price of a launch per segment.
  std::size_t segment_bytes = std::size_t{4} << 20U;
};

// Collective. The engine uses the control plane only in this call. One rank alone needs no
// communicator: its reductions scale.
//
// Errors: kNotSupported (a build without CUDA, no such GPU, not enough memory, two ranks on one
// GPU, a type without kernels, an algorithm or a wire that can't serve these ranks),
// kInvalidArgument (the algorithm, a segment below 64 bytes), kTimeout, kPeerLost. Those of the
// engine's finish() name this rank and host, the reduction, and the neighbours in the ring;
// afterwards the communicator is aborted and the arena's values undefined.
[[nodiscard]] std::unique_ptr<Engine> make_nccl_engine(ControlPlane& control,
                                                       const NcclEngineOptions& options);

// Whether make_nccl_engine() can work on this machine: "" if so, else why not and what to do.
[[nodiscard]] std::string why_no_nccl();
[[nodiscard]] inline bool nccl_available() {
  return why_no_nccl().empty();
}

}  // namespace ringmaster::comm
