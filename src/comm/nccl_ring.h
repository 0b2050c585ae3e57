// Our ring allreduce between GPUs: NCCL moves, our kernel adds.
//
// Every chunk goes once around the ring while it is summed (reduce-scatter: size - 1 steps) and
// once more as the finished sum (all-gather: size - 1 steps), so each rank sends 2 (size - 1) /
// size of the data, which is the least that an allreduce can do (Patarasuk and Yuan, "Bandwidth
// optimal all-reduce algorithms for clusters of workstations", JPDC 69(2), 2009).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "comm/cuda_handles.h"
#include "comm/dtype.h"
#include "comm/nccl_buffer.h"
#include "comm/nccl_communicator.h"

namespace ringmaster::comm {

// Chunks and segments begin at multiples of it, as the arena does, so that additions use whole
// vectors.
inline constexpr std::size_t kLineBytes = 64;

// Where a rank stands in the ring, and which ranks of the communicator its neighbours are.
struct RingPlace {
  int rank = 0;
  int size = 1;
  int next = 0;
  int previous = 0;
};

// Two segments of `capacity_bytes` each, for what was received and is not yet added.
class NcclScratch {
 public:
  explicit NcclScratch(std::size_t capacity_bytes);
  // Where a segment bound for `target` may be received: as far from a 16-byte boundary as `target`
  // is, so that the addition can use whole vectors.
  [[nodiscard]] std::byte* slot(std::size_t index, const std::byte* target) const;
  [[nodiscard]] NcclBuffer& buffer() { return buffer_; }

 private:
  std::size_t slot_bytes_;
  NcclBuffer buffer_;
};

// Used by one thread, with the constructor's device current. The communicator, the scratch and the
// stream must outlive it.
class NcclRing {
 public:
  // `add_stream`: where it adds, for itself alone. `segment_elems`: what one exchange moves at
  // most; each slot of the scratch holds as much. A chunk of more segments is pipelined: one
  // segment travels while the one before it is added.
  NcclRing(NcclCommunicator& communicator, NcclScratch& scratch, CudaStream& add_stream,
           RingPlace place, DType type, std::int64_t segment_elems);

  // Queues x = scale * (sum of x over the ring) for `count_elems` elements at `data`, in place,
  // behind the work on `stream`; what is queued on `stream` afterwards comes behind all of it.
  // Collective, same values everywhere. Returns when it is queued, which takes long only when very
  // much is queued before it. Errors are NcclCommunicator's.
  void all_reduce(std::byte* data, std::int64_t count_elems, double scale, cudaStream_t stream,
                  const Patience& patience);

 private:
  struct Segment {
    std::byte* data;
    std::int64_t count_elems;
  };
  struct Call;  // one all_reduce()

  [[nodiscard]] Segment chunk_of(const Call& call, int chunk) const;
  [[nodiscard]] Segment segment_of(const Call& call, int chunk, std::int64_t segment) const;
  void reduce_step(const Call& call, int step, std::int64_t segment);
  void gather_step(const Call& call, int step);
  void limit_backlog(const Call& call);

  NcclCommunicator& communicator_;
  NcclScratch& scratch_;
  CudaStream& add_stream_;
  const RingPlace place_;
  const DType type_;
  const std::int64_t segment_elems_;

  std::size_t turn_ = 0;  // reduce steps so far: the slot alternates
  std::array<CudaEvent, 2> received_;
  std::array<CudaEvent, 2> added_;

  std::size_t exchanges_ = 0;
  std::array<CudaEvent, 8> milestones_;
};

}  // namespace ringmaster::comm
