#include "comm/ring_plan.h"

#include <numeric>

#include "base/check.h"

namespace ringmaster::comm {
namespace {

class RingBuilder {
 public:
  RingBuilder(std::span<const int> ring, int position, Range elements, const Cut& cut,
              int first_step, Plan& plan)
      : ring_(ring),
        size_(static_cast<int>(ring.size())),
        position_(position),
        elements_(elements),
        cut_(cut),
        first_step_(first_step),
        plan_(plan) {}

  void build() {
    if (size_ < 2) return;
    const int steps = 2 * (size_ - 1);
    for (std::int64_t k = 0; k < segments_of(chunk(0), cut_); ++k) send(0, k);
    for (int step = 0; step < steps; ++step) {
      // What is received in a step is what is sent in the next one.
      for (std::int64_t k = 0; k < segments_of(chunk(step + 1), cut_); ++k) {
        receive(step, k);
        if (step + 1 < steps) send(step + 1, k);
      }
    }
  }

 private:
  // Chunk position - step: sent in `step`, received in the step before. The all-gather goes on
  // where the reduce-scatter ends: step n - 1 sends chunk position + 1, which is position - (n - 1)
  // modulo n.
  Range chunk(int step) const {
    const int index = ((position_ - step) % size_ + size_) % size_;
    const Range range = chunk_range(elements_.size(), size_, index, cut_.align_elems);
    return {elements_.begin + range.begin, elements_.begin + range.end};
  }

  void send(int step, std::int64_t segment) {
    add(ActionKind::kSend, ring_[(position_ + 1) % size_], step, chunk(step), segment);
  }

  void receive(int step, std::int64_t segment) {
    const int last_add = size_ - 2;
    const ActionKind kind = step < last_add    ? ActionKind::kReceiveAdd
                            : step == last_add ? ActionKind::kReceiveAddScale
                                               : ActionKind::kReceiveCopy;
    add(kind, ring_[(position_ + size_ - 1) % size_], step, chunk(step + 1), segment);
  }

  void add(ActionKind kind, int peer, int step, Range chunk, std::int64_t segment) {
    const Range range = segment_range(chunk, segment, cut_);
    plan_.push_back(
        {kind, peer, first_step_ + step, static_cast<int>(segment), range.begin, range.size()});
  }

  std::span<const int> ring_;
  const int size_, position_;
  const Range elements_;
  const Cut cut_;
  const int first_step_;
  Plan& plan_;
};

}  // namespace

void append_ring(std::span<const int> ring, int position, Range elements, const Cut& cut,
                 int first_step, Plan& plan) {
  RM_CHECK(position >= 0 && static_cast<std::size_t>(position) < ring.size());
  RM_CHECK(cut.align_elems > 0 && cut.segment_elems > 0);
  RingBuilder(ring, position, elements, cut, first_step, plan).build();
}

Plan ring_plan(int ranks, int rank, std::int64_t count_elems, const Cut& cut) {
  std::vector<int> ring(static_cast<std::size_t>(ranks));
  std::iota(ring.begin(), ring.end(), 0);
  Plan plan;
  append_ring(ring, rank, {0, count_elems}, cut, 0, plan);
  return plan;
}

}  // namespace ringmaster::comm
