#include "comm/choosing_reducer.h"

#include "base/check.h"

namespace ringmaster::comm {

ChoosingReducer::ChoosingReducer(Reducers reducers, AllreduceTable table, DType type,
                                 std::string wires)
    : reducers_(std::move(reducers)),
      table_(std::move(table)),
      element_bytes_(size_bytes(type)),
      wires_(std::move(wires)) {
  table_.require_algorithms([&](const std::string& name) { return reducers_.count(name) != 0; });
}

bool ChoosingReducer::reduce(const Reduction& reduction, const Patience& patience,
                             const Progress& progress) {
  const std::size_t bytes = static_cast<std::size_t>(reduction.count_elems) * element_bytes_;
  Reducer* next = reducers_.at(table_.algorithm_for(bytes)).get();
  // Each reducer knows only of its own reductions what peers may still read.
  if (last_ != nullptr && last_ != next) last_->settle(patience);
  last_ = next;
  return next->reduce(reduction, patience, progress);
}

void ChoosingReducer::settle(const Patience& patience) {
  if (last_ != nullptr) last_->settle(patience);
}

void ChoosingReducer::wake() {
  for (const auto& [algorithm, reducer] : reducers_) reducer->wake();
}

std::string ChoosingReducer::describe() const {
  return join_text("auto (", table_.summary(), ") over ", wires_);
}

}  // namespace ringmaster::comm
