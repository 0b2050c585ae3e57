// The training step: the page that a newcomer opens first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "base/deadline.h"
#include "comm/control.h"
#include "data/loader.h"
#include "grad/gradients.h"
#include "model/resnet.h"
#include "optim/ema.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "stop/stop_flag.h"
#include "train/activity.h"
#include "train/precision.h"
#include "train/totals.h"

namespace ringmaster::train {

// What a step did, the same on every rank but for the waits.
struct StepResult {
  Totals totals;                         // over the global batch
  std::vector<std::int64_t> sample_ids;  // this rank's part of it, in order
  double lr = 0, momentum = 0;
  stop::Reason stop = stop::Reason::kNone;  // agreed by all ranks: save, and leave or go on
  double data_wait_s = 0;                   // this rank waited for the loader
  double comm_wait_s = 0;                   // this rank waited for the ring after backward
  std::vector<data::Replacement> replaced;  // damaged records of this rank
  std::int64_t all_replaced = 0;            // of all ranks
  std::optional<double> grad_norm;          // before clipping; where it was asked for
};

struct TrainerOptions {
  c10::Device device = c10::Device(c10::kCPU);
  Precision precision = Precision::kFloat32;
  double label_smoothing = 0;
  int micro_batches = 1;  // backwards per step, their gradients averaged
  double step_deadline_s = 600;
  double clip_norm = 0;            // the gradients' norm is held below it; 0: not
  std::int64_t norm_steps = 0;     // the norm is reported every so many steps; 0: never
  bool stop_on_non_finite = true;  // else a loss that is not finite is a result like any other
};

// Owns nothing of what it is given; all of it must outlive it. One thread.
class Trainer {
 public:
  Trainer(model::ResNet& model, grad::Gradients& gradients, optim::Optimizer& optimizer,
          const optim::Schedule& schedule, comm::ControlPlane& control, stop::StopFlag& stop,
          Activity& activity, const TrainerOptions& options, optim::Ema* ema);

  // Collective. Takes the step's micro-batches from `loader` and makes global step number `step`
  // (from 0: the schedule's argument). Errors: the loader's, the ring's (Error{kTimeout,
  // kPeerLost}); Error{kInvalidArgument} on every rank where the loss, or a norm that was asked
  // for, is not finite: then no weight has changed. After an error the run can't go on.
  StepResult step(data::TrainLoader& loader, std::int64_t step);

 private:
  Totals forward_backward(const data::Batch& batch);
  // The norm where this step reports or clips it; clips.
  std::optional<double> look_at_gradients(std::int64_t step);

  model::ResNet& model_;
  grad::Gradients& gradients_;
  optim::Optimizer& optimizer_;
  const optim::Schedule& schedule_;
  comm::ControlPlane& control_;
  stop::StopFlag& stop_;
  Activity& activity_;
  const TrainerOptions options_;
  optim::Ema* const ema_;  // null: no averages
};

}  // namespace ringmaster::train
