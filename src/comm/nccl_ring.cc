#include "comm/nccl_ring.h"

#include <algorithm>

#include "base/check.h"
#include "comm/cuda_add.h"
#include "comm/plan.h"

namespace ringmaster::comm {
namespace {

constexpr std::size_t kVectorBytes = 16;
// A launch into a full queue (about 1024 launches) blocks the thread for as long as the GPU is
// stuck, so no more than 8 milestones * 32 exchanges are queued at a time.
constexpr std::size_t kExchangesPerMilestone = 32;

}  // namespace

NcclScratch::NcclScratch(std::size_t capacity_bytes)
    : slot_bytes_((capacity_bytes / kVectorBytes + 2) * kVectorBytes), buffer_(2 * slot_bytes_) {}

std::byte* NcclScratch::slot(std::size_t index, const std::byte* target) const {
  return buffer_.data() + index * slot_bytes_ +
         reinterpret_cast<std::uintptr_t>(target) % kVectorBytes;
}

struct NcclRing::Call {
  std::byte* data;
  std::int64_t count_elems;
  float scale;
  cudaStream_t stream;
  const Patience& patience;
  std::int64_t segments;  // per chunk; in shorter chunks the last ones are empty
};

NcclRing::NcclRing(NcclCommunicator& communicator, NcclScratch& scratch, CudaStream& add_stream,
                   RingPlace place, DType type, std::int64_t segment_elems)
    : communicator_(communicator),
      scratch_(scratch),
      add_stream_(add_stream),
      place_(place),
      type_(type),
      segment_elems_(segment_elems) {
  RM_CHECK_LT(1, place.size, "a ring of one rank has nothing to send");
  RM_CHECK_LT(0, segment_elems);
}

void NcclRing::all_reduce(std::byte* data, std::int64_t count_elems, double scale,
                          cudaStream_t stream, const Patience& patience) {
  if (count_elems == 0) return;
  // Chunk 0 is the longest.
  Call call{data, count_elems, static_cast<float>(scale), stream, patience, 0};
  call.segments = (chunk_of(call, 0).count_elems + segment_elems_ - 1) / segment_elems_;
  for (int step = 0; step < place_.size - 1; ++step)
    for (std::int64_t segment = 0; segment < call.segments; ++segment)
      reduce_step(call, step, segment);
  // The first gather sends what was added last; from then on each sends what the one before
  // received.
  added_[(turn_ + 1) % 2].hold_back(stream);
  for (int step = 0; step < place_.size - 1; ++step) gather_step(call, step);
}

NcclRing::Segment NcclRing::chunk_of(const Call& call, int chunk) const {
  const auto align_elems = static_cast<std::int64_t>(kLineBytes / size_bytes(type_));
  const Range range = chunk_range(call.count_elems, place_.size, chunk, align_elems);
  return {call.data + static_cast<std::size_t>(range.begin) * size_bytes(type_), range.size()};
}

NcclRing::Segment NcclRing::segment_of(const Call& call, int chunk, std::int64_t segment) const {
  const Segment whole = chunk_of(call, chunk);
  const std::int64_t begin = std::min(whole.count_elems, segment * segment_elems_);
  return {whole.data + static_cast<std::size_t>(begin) * size_bytes(type_),
          std::min(whole.count_elems - begin, segment_elems_)};
}

// Step s: rank r sends chunk r - s, which it added to in the step before, and adds chunk r - s - 1.
void NcclRing::reduce_step(const Call& call, int step, std::int64_t segment) {
  const int size = place_.size;
  const int outgoing = (place_.rank - step + size) % size;
  const int incoming = (outgoing - 1 + size) % size;
  const Segment out = segment_of(call, outgoing, segment);
  const Segment in = segment_of(call, incoming, segment);
  const std::size_t slot = turn_ % 2;
  std::byte* const received = scratch_.slot(slot, in.data);

  // Two things must have been added before: what this sends (`segments` turns ago) and what lies in
  // the slot (2 turns ago). Additions happen in the order of turns, so the later of both is enough;
  // the event of the other slot is the later one when a chunk is a single segment.
  added_[call.segments == 1 ? (turn_ + 1) % 2 : slot].hold_back(call.stream);
  communicator_.exchange({out.data, out.count_elems, place_.next},
                         {received, in.count_elems, place_.previous}, type_, call.stream,
                         call.patience);
  received_[slot].record(call.stream);
  received_[slot].hold_back(add_stream_.get());
  const float scale = step == size - 2 ? call.scale : 1.0F;
  check_cuda(launch_add(type_, in.data, received, in.count_elems, scale, add_stream_.get()),
             "the addition of a received segment");
  added_[slot].record(add_stream_.get());
  ++turn_;
  limit_backlog(call);
}

// Step s: rank r sends chunk r + 1 - s, whole since the step before, and receives chunk r - s.
void NcclRing::gather_step(const Call& call, int step) {
  const int size = place_.size;
  const int outgoing = (place_.rank + 1 - step + size) % size;
  const int incoming = (outgoing - 1 + size) % size;
  const Segment out = chunk_of(call, outgoing);
  const Segment in = chunk_of(call, incoming);
  communicator_.exchange({out.data, out.count_elems, place_.next},
                         {in.data, in.count_elems, place_.previous}, type_, call.stream,
                         call.patience);
  limit_backlog(call);
}

void NcclRing::limit_backlog(const Call& call) {
  if (++exchanges_ % kExchangesPerMilestone != 0) return;
  CudaEvent& milestone = milestones_[exchanges_ / kExchangesPerMilestone % milestones_.size()];
  const bool advanced = poll_until(
      [&] {
        communicator_.check_health();
        return milestone.reached();
      },
      call.patience);
  RM_REQUIRE(advanced, ErrorKind::kTimeout,
             "no room on the GPU for further exchanges: the earlier ",
             "ones did not complete within the deadline");
  milestone.record(call.stream);
}

}  // namespace ringmaster::comm
