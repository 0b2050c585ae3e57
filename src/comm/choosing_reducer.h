// Several reducers over one arena, and a table that says which one reduces how many bytes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "comm/allreduce_table.h"
#include "comm/dtype.h"
#include "comm/reducer.h"

namespace ringmaster::comm {

class ChoosingReducer final : public Reducer {
 public:
  using Reducers = std::map<std::string, std::unique_ptr<Reducer>>;

  // `reducers`: by algorithm, all with the same arena. `wires`: for describe().
  // Error{kNotSupported} where `table` names one that is not among them.
  ChoosingReducer(Reducers reducers, AllreduceTable table, DType type, std::string wires);

  std::byte* arena() override { return reducers_.begin()->second->arena(); }
  bool reduce(const Reduction& reduction, const Patience& patience,
              const Progress& progress) override;
  void settle(const Patience& patience) override;
  void wake() override;
  std::string describe() const override;

 private:
  const Reducers reducers_;
  const AllreduceTable table_;
  const std::size_t element_bytes_;
  const std::string wires_;
  Reducer* last_ = nullptr;  // may not be settled
};

}  // namespace ringmaster::comm
