// A rank's part in one allreduce, as a list of actions: what ring_plan.h and hierarchical_plan.h
// make and StepReducer walks. Pure data: a plan can be tested without a thread or a wire.
#pragma once

#include <cstdint>
#include <vector>

namespace ringmaster::comm {

// Vocabulary: bucket (many parameters, one allreduce) -> chunk (one per rank) -> segment (one per
// send).
enum class ActionKind : std::uint8_t {
  kSend,             // these elements may be read by `peer` from now on
  kReceiveAdd,       // y += the peer's
  kReceiveAddScale,  // y = scale * (y + the peer's): the last addition of these elements
  kReceiveCopy,      // y = the peer's
};

// One segment. Sender and receiver hold it at the same offset of their arenas.
struct Action {
  ActionKind kind = ActionKind::kSend;
  int peer = 0;
  int step = 0;                   // of the algorithm; the same number on both sides
  int segment = 0;                // within the chunk; the same number on both sides
  std::int64_t offset_elems = 0;  // within the reduction
  std::int64_t count_elems = 0;   // > 0
  bool operator==(const Action&) const = default;
};

// What every plan promises, for any number of ranks and elements. The k-th segment that `a` sends
// to `b` is the k-th that `b` receives from `a`: same step, segment and elements. Sends never wait,
// and carrying the actions out in order, waiting at each receive for its send, never blocks for
// good. A sender overwrites what it has sent only with data that depend on the receiver having read
// it; so the receiver may read it in the sender's memory, with no acknowledgement before the end of
// the reduction.
using Plan = std::vector<Action>;

struct Range {
  std::int64_t begin = 0, end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

// Part `index` of `parts` of [0, count_elems): all of the same size, a multiple of `align_elems`,
// but for the last ones, which may be shorter or empty. Without gaps, in order.
[[nodiscard]] Range chunk_range(std::int64_t count_elems, int parts, int index,
                                std::int64_t align_elems);

// How a plan cuts: elements per 64 bytes, and elements per segment (> 0).
struct Cut {
  std::int64_t align_elems = 1;
  std::int64_t segment_elems = 1;
};

// Segments of `range`, at least one unless it is empty.
[[nodiscard]] std::int64_t segments_of(Range range, const Cut& cut);
[[nodiscard]] Range segment_range(Range range, std::int64_t segment, const Cut& cut);

}  // namespace ringmaster::comm
