// How the ranks of a host share the work of an update: all would compute the same weights from the
// same gradients, so the host has the weights once, in memory that its ranks map, and each rank
// updates a part of them. An update is bound by memory, which the processors of a host share.
// (ZeRO, Rajbhandari et al., arXiv:1910.02054, §5.1, divides the update over all ranks, to save
// memory.)
#pragma once

#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "base/deadline.h"
#include "comm/control.h"
#include "grad/bucket_plan.h"
#include "optim/update_part.h"

namespace ringmaster::train {

// Of one rank. Parameters and momentum are the host's: while a rank may read them no other writes
// them, by these rules. An update begins when every rank has ended its backward pass (the
// gradients' reduction sees to that), each writes its part, and all meet before anybody reads. Who
// writes all of them at another time writes the same on every rank, as when a checkpoint is
// restored, and all ranks come together before the next update. One thread. On CPUs alone.
class UpdateShare {
 public:
  // Collective over all of `control`, which must outlive it. For parameters in the layout of the
  // gradients of `plan`. Errors as comm::share_blocks.
  UpdateShare(comm::ControlPlane& control, const grad::BucketPlan& plan, Deadline deadline);

  // 1-d, float32, zeroed; they keep the memory alive.
  [[nodiscard]] const at::Tensor& parameters() const { return parameters_; }
  // What this rank updates, and the host's momentum.
  [[nodiscard]] const optim::UpdateWork& work() const { return work_; }

  // Collective: when it returns, every rank has called it, so that what was written before is
  // there. Errors as comm::ControlPlane::barrier.
  void meet(Deadline deadline) { control_.barrier(deadline); }

 private:
  comm::ControlPlane& control_;
  at::Tensor parameters_;
  optim::UpdateWork work_;
};

// Where the ranks can share the work, on the CPU with more than one rank on a host; else null.
// Collective. `algorithm`: of the reductions; mpi is for ranks that may not see each other's
// memory.
[[nodiscard]] std::unique_ptr<UpdateShare> share_update(comm::ControlPlane& control,
                                                        const std::string& algorithm,
                                                        c10::Device device,
                                                        const grad::BucketPlan& plan,
                                                        Deadline deadline);

}  // namespace ringmaster::train
