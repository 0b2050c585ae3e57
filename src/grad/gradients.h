// Gradients in the engine's arena, and the hooks that hand a bucket to the ring as soon as backward
// has finished it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "comm/engine.h"
#include "grad/bucket_plan.h"

namespace ringmaster::grad {

// One step: arm(), then for each micro-batch forward and backward, then finish(). Collective in the
// sense of comm::Engine.
//
// After finish() every rank holds, to the bit, in flat(): the mean over ranks and micro-batches of
// the gradients; and in the statistics: their mean over the ranks. A parameter that took no part in
// the step has gradient zero and is reduced all the same: all ranks start the same reductions in
// plan order, whatever their graphs did.
//
// Owned and used by one thread; the hooks run on the threads of autograd. Must die before the
// engine.
class Gradients {
 public:
  // `parameters`: those that `plan` was made of, trained and float32, in registration order. Their
  // .grad is a view into the arena from finish() until arm(), which takes it away: autograd then
  // hands its first gradient over as it is, and the hook copies it into the arena, instead of
  // adding it to zeros there (one pass over memory in place of three). `statistics`: float32
  // buffers that become views into the arena for good, and that a compressed wire does not round.
  // `engine`: at least plan.total_elems of float32, in the parameters' memory kind.
  Gradients(comm::Engine& engine, int ranks, BucketPlan plan,
            const std::vector<at::Tensor>& parameters, std::vector<at::Tensor> statistics);
  ~Gradients();
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

  // Forgets the gradients and begins a step of `micro_batches` backwards. Buckets start during the
  // last one.
  void arm(int micro_batches);
  // Call after each micro-batch's backward.
  void end_micro_batch();
  // Starts what has not started, and waits. Errors as comm::Engine::finish().
  void finish(Deadline deadline);

  // The gradients: 1-d, the plan's parameter part of the arena.
  [[nodiscard]] const at::Tensor& flat() const { return flat_gradients_; }
  // The statistics: 1-d, the rest of the arena.
  [[nodiscard]] at::Tensor flat_statistics() const {
    return arena_.narrow(0, 0, plan_.gradients_offset_elems);
  }
  // After finish(): as comm::Engine::sure_of_finite(), of gradients and statistics.
  [[nodiscard]] bool sure_of_finite() const { return engine_.sure_of_finite(); }
  // After finish(): the 2-norm of all gradients as one vector, the same on every rank. Not finite
  // exactly if a gradient is not, or if the sum of squares overflows float32. One pass over memory.
  [[nodiscard]] double norm() const;
  // Scales all gradients so that their norm is at most `max_norm`, by the rule of
  // torch.nn.utils.clip_grad_norm_: max_norm / (norm + 1e-6) where that is below 1. `norm`: norm().
  void clip(double norm, double max_norm);
  [[nodiscard]] const BucketPlan& plan() const { return plan_; }
  // By bucket: when the last backward completed its gradients (steady clock; 0: it did not, a
  // parameter took no part; and for the statistics).
  [[nodiscard]] const std::vector<std::int64_t>& ready_ns() const { return ready_ns_; }
  // How many buckets the last step started before its backward had ended.
  [[nodiscard]] std::size_t started_in_backward() const { return started_in_backward_; }

 private:
  class Hook;
  void on_gradient(std::size_t slot);
  // REQUIRES: mutex_ held. Makes the slot's gradient the view into the arena, with what backward
  // has left so far; zeros where it has left nothing.
  void move_into_arena(std::size_t slot);
  // REQUIRES: mutex_ held. Starts buckets in plan order while they are complete, or all that are
  // left.
  void start_buckets(bool all);
  [[nodiscard]] comm::Stream current_stream() const;

  comm::Engine& engine_;
  const int ranks_;
  const BucketPlan plan_;
  at::Tensor arena_;                    // all of it, 1-d
  std::vector<at::Tensor> parameters_;  // plan order (reversed)
  std::vector<at::Tensor> views_;       // the same, their gradients' places in the arena
  at::Tensor flat_gradients_;
  std::vector<std::size_t> bucket_of_slot_;  // by slot of plan_.parameters

  std::mutex mutex_;  // guards what the hooks touch:
  int micro_batches_ = 1;
  int micro_batches_left_ = 0;
  std::vector<std::size_t> missing_;  // by bucket: slots whose gradient is not complete
  std::vector<bool> in_arena_;        // by slot: whether this step's gradient lies in the arena
  std::vector<std::int64_t> ready_ns_;
  std::size_t next_bucket_ = 0;
  std::size_t started_in_backward_ = 0;
};

}  // namespace ringmaster::grad
