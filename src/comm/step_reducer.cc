#include "comm/step_reducer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "comm/vector_add.h"

namespace ringmaster::comm {

// One reduction on its way.
class StepReducer::Walk {
 public:
  Walk(Transport& transport, const Plan& plan, const Reduction& reduction, std::int64_t number,
       DType type, const VectorKernels& kernels, const std::optional<WireKernels>& wire,
       Waiter waiter)
      : transport_(transport),
        plan_(plan),
        reduction_(reduction),
        number_(number),
        element_bytes_(size_bytes(type)),
        kernels_(kernels),
        wire_(wire),
        waiter_(waiter) {}

  // As Reducer::reduce.
  bool run(const Progress& progress) {
    bool finite = true;
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const Action& action = plan_[i];
      const Segment segment = segment_of(action);
      if (action.kind == ActionKind::kSend) {
        transport_.send(segment);
        continue;
      }
      expect_from(i);
      progress(action.step, action.segment, action.peer);
      waiter_.await({action.peer, reduction_.index, action.step, action.segment, "data of"},
                    [&] { return transport_.try_receive(segment, action.kind, reduction_.scale); });
      ++received_;
      if (action.kind != ActionKind::kReceiveAddScale) continue;
      // The segment is in the cache still.
      std::byte* const sums = transport_.arena() + segment.offset_bytes;
      if (wire_ && !reduction_.exact)
        wire_->round(reinterpret_cast<float*>(sums), action.count_elems);
      finite = finite && kernels_.all_finite(sums, action.count_elems);
    }
    return finite;
  }

 private:
  Segment segment_of(const Action& action) const {
    return {
        action.peer,
        static_cast<std::size_t>(reduction_.offset_elems + action.offset_elems) * element_bytes_,
        static_cast<std::size_t>(action.count_elems) * element_bytes_,
        number_,
        action.step,
        action.segment,
        reduction_.exact};
  }

  // Announces this receive and the next ones, as far ahead as the transport wants to know.
  void expect_from(std::size_t current) {
    next_ = std::max(next_, current);
    while (next_ < plan_.size() && expected_ < received_ + transport_.lookahead()) {
      const Action& action = plan_[next_++];
      if (action.kind == ActionKind::kSend) continue;
      transport_.expect(segment_of(action), action.kind);
      ++expected_;
    }
  }

  Transport& transport_;
  const Plan& plan_;
  const Reduction& reduction_;
  const std::int64_t number_;
  const std::size_t element_bytes_;
  const VectorKernels& kernels_;
  const std::optional<WireKernels>& wire_;
  Waiter waiter_;
  std::size_t next_ = 0;             // the first action not yet announced
  int expected_ = 0, received_ = 0;  // receives announced and done
};

StepReducer::StepReducer(std::shared_ptr<Transport> transport, const World& world, DType type,
                         MakePlan make_plan, std::string name, std::optional<DType> wire)
    : transport_(std::move(transport)),
      world_(world),
      type_(type),
      kernels_(vector_kernels(type)),
      make_plan_(std::move(make_plan)),
      name_(std::move(name)),
      wire_(wire ? std::optional(wire_kernels(*wire)) : std::nullopt) {}

const Plan& StepReducer::plan_for(std::int64_t count_elems) {
  const auto found = plans_.find(count_elems);
  if (found != plans_.end()) return found->second;
  return plans_.emplace(count_elems, make_plan_(count_elems)).first->second;
}

bool StepReducer::reduce(const Reduction& reduction, const Patience& patience,
                         const Progress& progress) {
  const std::int64_t begin = reduction.offset_elems;
  const std::int64_t end = begin + reduction.count_elems;
  if (begin < unsettled_end_ && unsettled_begin_ < end) settle(patience);
  last_index_ = reduction.index;
  if (world_.size == 1) {
    // A pass over memory that most steps of a lone rank need not make.
    if (reduction.scale == 1.0) return false;
    kernels_.scale(transport_->arena() + static_cast<std::size_t>(begin) * size_bytes(type_),
                   reduction.count_elems, reduction.scale);
    return false;
  }
  unsettled_begin_ = unsettled_end_ == 0 ? begin : std::min(unsettled_begin_, begin);
  unsettled_end_ = std::max(unsettled_end_, end);
  return Walk(*transport_, plan_for(reduction.count_elems), reduction, reductions_++, type_,
              kernels_, wire_, Waiter(*transport_, world_, patience, pace_))
      .run(progress);
}

void StepReducer::settle(const Patience& patience) {
  // One peer after the other: one that is done may end its engine at once, and has not failed then
  // because others are still awaited.
  while (const std::optional<int> peer = transport_->unflushed_peer()) {
    Waiter(*transport_, world_, patience, pace_)
        .await({*peer, last_index_, -1, -1, "the end of"},
               [&] { return transport_->unflushed_peer() != peer; });
  }
  unsettled_begin_ = unsettled_end_ = 0;
}

std::string StepReducer::describe() const {
  return join_text(name_, " over ", transport_->describe());
}

}  // namespace ringmaster::comm
