// The training step: the page that a newcomer opens first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/deadline.h"
#include "comm/control.h"
#include "data/batch_pipeline.h"
#include "grad/gradients.h"
#include "model/resnet.h"
#include "optim/ema.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "stop/stop_flag.h"
#include "train/activity.h"
#include "train/forward.h"
#include "train/totals.h"
#include "train/update_share.h"

namespace ringmaster::train {

// Where a run stands before a step.
struct StepPlace {
  std::int64_t step = 0;     // global batches seen
  std::int64_t updates = 0;  // of them changed the weights: the argument of schedule and average
  std::int64_t epoch = 0;    // that the step belongs to, from 0
};

// A step that is not applied leaves weights, momentum, averages and batch norm's running
// statistics as they were.
enum class StepOutcome {
  kApplied,
  kOverflow,   // float16: gradients overflowed under the loss scale, which is lower now
  kNotFinite,  // the loss was not finite, or gradients were not without a scale to blame
};

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
  StepOutcome outcome = StepOutcome::kApplied;
  std::optional<double> grad_norm;   // before clipping; where it was asked for
  std::optional<double> loss_scale;  // of this step; float16 alone
};

struct TrainerOptions {
  ForwardOptions forward;
  int micro_batches = 1;  // backwards per step, their gradients averaged
  double step_deadline_s = 600;
  double clip_norm = 0;         // the gradients' norm is held below it; 0: not
  std::int64_t norm_steps = 0;  // the norm is reported every so many steps; 0: never
  bool guard = true;            // else a loss that is not finite is a result like any other
};

// This rank's next micro-batch; empty where there is none. Called by the training thread.
using NextBatch = std::function<std::optional<data::Batch>()>;

// Owns nothing of what it is given; all of it must outlive it. One thread.
class Trainer {
 public:
  // `share`, `ema`, `scaler`: null where there is none.
  Trainer(model::ResNet& model, grad::Gradients& gradients, optim::Optimizer& optimizer,
          const optim::Schedule& schedule, comm::ControlPlane& control, stop::StopFlag& stop,
          Activity& activity, const TrainerOptions& options, UpdateShare* share, optim::Ema* ema,
          optim::LossScaler* scaler);

  // Collective. Takes the step's micro-batches from `next`, and applies what they give, or not: all
  // ranks decide alike. Errors: those of `next`, the ring's (Error{kTimeout, kPeerLost}); after one
  // the run can't go on.
  StepResult step(const NextBatch& next, const StepPlace& place);

 private:
  Totals forward_backward(const data::Batch& batch, std::int64_t epoch);
  // Unscales and clips the gradients, and finds out whether they can be applied.
  // `finite`: they are known to be finite (and not only not known to be otherwise).
  StepOutcome judge(std::int64_t step, bool finite, StepResult& result);

  model::ResNet& model_;
  grad::Gradients& gradients_;
  optim::Optimizer& optimizer_;
  const optim::Schedule& schedule_;
  comm::ControlPlane& control_;
  stop::StopFlag& stop_;
  Activity& activity_;
  const TrainerOptions options_;
  UpdateShare* const share_;
  optim::Ema* const ema_;
  optim::LossScaler* const scaler_;
};

}  // namespace ringmaster::train
