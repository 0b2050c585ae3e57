#include "comm/nccl_ring.h"

#include <algorithm>

#include "base/check.h"
#include "comm/cuda_add.h"

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
  std::byte* rounded;  // nullptr: the elements travel as they are
  std::int64_t count_elems;
  float scale;
  cudaStream_t stream;
  const Patience& patience;
  DType on_wire;
  std::int64_t segments;  // per chunk; in shorter chunks the last ones are empty
};

NcclRing::NcclRing(NcclCommunicator& communicator, NcclScratch& scratch, CudaStream& add_stream,
                   RingPlace place, DType type, std::optional<DType> wire,
                   std::int64_t segment_elems)
    : communicator_(communicator),
      scratch_(scratch),
      add_stream_(add_stream),
      place_(place),
      type_(type),
      wire_(wire),
      segment_elems_(segment_elems) {
  RM_CHECK_LT(1, place.size, "a ring of one rank has nothing to send");
  RM_CHECK_LT(0, segment_elems);
  RM_CHECK(!wire || type == DType::kFloat32, "a compressed wire is for float32");
}

NcclRing::Call NcclRing::call_of(const NcclReduction& reduction, std::byte* rounded,
                                 float scale) const {
  RM_CHECK(rounded == nullptr || wire_.has_value());
  Call call{reduction.data,
            rounded,
            reduction.count_elems,
            scale,
            reduction.stream,
            reduction.patience,
            rounded == nullptr ? type_ : *wire_,
            0};
  // Chunk 0 is the longest.
  call.segments = (chunk_of(call, 0).count_elems + segment_elems_ - 1) / segment_elems_;
  return call;
}

void NcclRing::all_reduce(const NcclReduction& reduction) {
  if (reduction.count_elems == 0) return;
  const Call call = call_of(reduction, reduction.rounded, static_cast<float>(reduction.scale));
  if (call.rounded == nullptr) {
    reduce(call);
    gather(call);
    return;
  }
  const Segment first = chunk_of(call, place_.rank);
  check_cuda(launch_narrow(*wire_, reinterpret_cast<const float*>(first.data), first.on_wire,
                           first.count_elems, call.stream),
             "rounding what is sent first");
  reduce(call);
  gather(call);
  check_cuda(launch_widen(*wire_, reinterpret_cast<float*>(call.data), call.rounded,
                          call.count_elems, call.stream),
             "widening the sums");
}

void NcclRing::reduce_scatter(const NcclReduction& reduction) {
  if (reduction.count_elems > 0) reduce(call_of(reduction, nullptr, 1.0F));
}

void NcclRing::all_gather(const NcclReduction& reduction) {
  if (reduction.count_elems > 0) gather(call_of(reduction, nullptr, 1.0F));
}

Range NcclRing::owned(std::int64_t count_elems) const {
  return chunk_range(count_elems, place_.size, (place_.rank + 1) % place_.size, align_elems());
}

std::int64_t NcclRing::align_elems() const {
  return static_cast<std::int64_t>(kLineBytes / size_bytes(type_));
}

void NcclRing::reduce(const Call& call) {
  for (int step = 0; step < place_.size - 1; ++step)
    for (std::int64_t segment = 0; segment < call.segments; ++segment)
      reduce_step(call, step, segment);
  // Additions happen in order: behind this one is all that was added.
  added_[(turn_ + 1) % 2].hold_back(call.stream);
}

void NcclRing::gather(const Call& call) {
  for (int step = 0; step < place_.size - 1; ++step) gather_step(call, step);
}

NcclRing::Segment NcclRing::part_of(const Call& call, std::int64_t begin,
                                    std::int64_t count_elems) const {
  const auto at = static_cast<std::size_t>(begin);
  std::byte* const data = call.data + at * size_bytes(type_);
  return {data, call.rounded == nullptr ? data : call.rounded + at * size_bytes(call.on_wire),
          count_elems};
}

NcclRing::Segment NcclRing::chunk_of(const Call& call, int chunk) const {
  const Range range = chunk_range(call.count_elems, place_.size, chunk, align_elems());
  return part_of(call, range.begin, range.size());
}

NcclRing::Segment NcclRing::segment_of(const Call& call, int chunk, std::int64_t segment) const {
  const Range whole = chunk_range(call.count_elems, place_.size, chunk, align_elems());
  const std::int64_t begin = std::min(whole.size(), segment * segment_elems_);
  return part_of(call, whole.begin + begin, std::min(whole.size() - begin, segment_elems_));
}

void NcclRing::add(const Call& call, const Segment& to, const std::byte* received, float scale) {
  const cudaError_t code =
      call.rounded == nullptr
          ? launch_add(type_, to.data, received, to.count_elems, scale, add_stream_.get())
          : launch_add_rounded(*wire_, reinterpret_cast<float*>(to.data), received, to.on_wire,
                               to.count_elems, scale, add_stream_.get());
  check_cuda(code, "the addition of a received segment");
}

// Step s: rank r sends chunk r - s, which it added to in the step before, and adds chunk r - s - 1.
void NcclRing::reduce_step(const Call& call, int step, std::int64_t segment) {
  const int size = place_.size;
  const int outgoing = (place_.rank - step + size) % size;
  const int incoming = (outgoing - 1 + size) % size;
  const Segment out = segment_of(call, outgoing, segment);
  const Segment in = segment_of(call, incoming, segment);
  const std::size_t slot = turn_ % 2;
  std::byte* const received = scratch_.slot(slot, in.on_wire);

  // Two things must have been added before: what this sends (`segments` turns ago) and what lies in
  // the slot (2 turns ago). Additions happen in the order of turns, so the later of both is enough;
  // the event of the other slot is the later one when a chunk is a single segment.
  added_[call.segments == 1 ? (turn_ + 1) % 2 : slot].hold_back(call.stream);
  communicator_.exchange({out.on_wire, out.count_elems, place_.next},
                         {received, in.count_elems, place_.previous}, call.on_wire, call.stream,
                         call.patience);
  received_[slot].record(call.stream);
  received_[slot].hold_back(add_stream_.get());
  add(call, in, received, step == size - 2 ? call.scale : 1.0F);
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
  communicator_.exchange({out.on_wire, out.count_elems, place_.next},
                         {in.on_wire, in.count_elems, place_.previous}, call.on_wire, call.stream,
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
