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
#include <optional>

#include "comm/cuda_handles.h"
#include "comm/dtype.h"
#include "comm/nccl_buffer.h"
#include "comm/nccl_communicator.h"
#include "comm/plan.h"

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

// What is to be reduced, and on which stream.
struct NcclReduction {
  std::byte* data = nullptr;
  // nullptr: values travel as they are. Else room for as many elements of the wire's type, aligned
  // as `data` is: these travel.
  std::byte* rounded = nullptr;
  std::int64_t count_elems = 0;
  double scale = 1.0;
  cudaStream_t stream = nullptr;
  const Patience& patience;
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
  // `add_stream` and `scratch`: for rings that queue on the same stream. `wire`: what float32
  // travels as where a reduction has room for it. `segment_elems`: what one exchange moves at most;
  // each slot of the scratch holds as much. A chunk of more segments is pipelined: one segment
  // travels while the one before it is added.
  NcclRing(NcclCommunicator& communicator, NcclScratch& scratch, CudaStream& add_stream,
           RingPlace place, DType type, std::optional<DType> wire, std::int64_t segment_elems);

  // Queues x = scale * (sum of x over the ring), in place, behind the work on the reduction's
  // stream; what is queued there afterwards comes behind all of it. Collective, same values
  // everywhere. Returns when it is queued, which takes long only when very much is queued before
  // it. Errors are NcclCommunicator's. Where values are rounded, every rank takes the finished sums
  // from what travelled, also those that it made itself: so all end with the same bits.
  void all_reduce(const NcclReduction& reduction);

  // Its two halves, without rounding and scaling: after the first the elements owned() hold the sum
  // over the ring; the second gives what is there to all.
  void reduce_scatter(const NcclReduction& reduction);
  void all_gather(const NcclReduction& reduction);
  [[nodiscard]] Range owned(std::int64_t count_elems) const;

 private:
  struct Segment {
    std::byte* data;
    std::byte* on_wire;  // what travels: `data` itself, or its elements rounded
    std::int64_t count_elems;
  };
  struct Call;  // one of the above

  [[nodiscard]] Call call_of(const NcclReduction& reduction, std::byte* rounded, float scale) const;
  [[nodiscard]] std::int64_t align_elems() const;
  [[nodiscard]] Segment part_of(const Call& call, std::int64_t begin,
                                std::int64_t count_elems) const;
  [[nodiscard]] Segment chunk_of(const Call& call, int chunk) const;
  [[nodiscard]] Segment segment_of(const Call& call, int chunk, std::int64_t segment) const;
  void reduce(const Call& call);
  void gather(const Call& call);
  void add(const Call& call, const Segment& to, const std::byte* received, float scale);
  void reduce_step(const Call& call, int step, std::int64_t segment);
  void gather_step(const Call& call, int step);
  void limit_backlog(const Call& call);

  NcclCommunicator& communicator_;
  NcclScratch& scratch_;
  CudaStream& add_stream_;
  const RingPlace place_;
  const DType type_;
  const std::optional<DType> wire_;
  const std::int64_t segment_elems_;

  std::size_t turn_ = 0;  // reduce steps so far: the slot alternates
  std::array<CudaEvent, 2> received_;
  std::array<CudaEvent, 2> added_;

  std::size_t exchanges_ = 0;
  std::array<CudaEvent, 8> milestones_;
};

}  // namespace ringmaster::comm
