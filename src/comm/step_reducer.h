// Walks a plan over a transport.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "comm/plan.h"
#include "comm/reducer.h"
#include "comm/vector_add.h"

namespace ringmaster::comm {

class StepReducer final : public Reducer {
 public:
  using MakePlan = std::function<Plan(std::int64_t count_elems)>;

  // `make_plan`: this rank's plan for a reduction of that many elements; kept per size. A plan in
  // which nothing is received leaves the scaling to us (one rank). `name`: "ring", ... `world` must
  // outlive it. `wire`: what the transport rounds segments to where they change hosts. Whoever has
  // made a finished sum rounds it too, whoever gets it: so all ranks end with the same bits.
  StepReducer(std::shared_ptr<Transport> transport, const World& world, DType type,
              MakePlan make_plan, std::string name, std::optional<DType> wire = std::nullopt);

  std::byte* arena() override { return transport_->arena(); }
  bool reduce(const Reduction& reduction, const Patience& patience,
              const Progress& progress) override;
  void settle(const Patience& patience) override;
  void wake() override { transport_->wake(); }
  std::string describe() const override;

 private:
  class Walk;

  const Plan& plan_for(std::int64_t count_elems);

  std::shared_ptr<Transport> transport_;
  const World& world_;
  const DType type_;
  const VectorKernels kernels_;
  const MakePlan make_plan_;
  const std::string name_;
  const std::optional<WireKernels> wire_;
  Pace pace_;
  std::map<std::int64_t, Plan> plans_;  // by number of elements: as many as there are buckets
  std::int64_t reductions_ = 0;
  std::int64_t last_index_ = 0;                           // Reduction::index; for messages
  std::int64_t unsettled_begin_ = 0, unsettled_end_ = 0;  // elements that peers may still read
};

}  // namespace ringmaster::comm
