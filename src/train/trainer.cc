#include "train/trainer.h"

#include <chrono>
#include <cmath>

#include <ATen/TensorOperators.h>

#include "base/check.h"
#include "base/seconds.h"
#include "model/hits.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Trainer::Trainer(model::ResNet& model, grad::Gradients& gradients, optim::Optimizer& optimizer,
                 const optim::Schedule& schedule, comm::ControlPlane& control, stop::StopFlag& stop,
                 Activity& activity, const TrainerOptions& options, UpdateShare* share,
                 optim::Ema* ema, optim::LossScaler* scaler)
    : model_(model),
      gradients_(gradients),
      optimizer_(optimizer),
      schedule_(schedule),
      control_(control),
      stop_(stop),
      activity_(activity),
      options_(options),
      share_(share),
      ema_(ema),
      scaler_(scaler) {}

StepResult Trainer::step(const NextBatch& next, const StepPlace& place) {
  StepResult result;
  result.lr = schedule_.lr(place.updates);  // a pure function: resume can't drift
  result.momentum = schedule_.momentum(place.updates);
  const at::Tensor statistics = gradients_.flat_statistics().clone();
  StepExchange mine;
  gradients_.arm(options_.micro_batches);
  for (int micro = 0; micro < options_.micro_batches; ++micro) {
    activity_.enter("data wait");
    const auto asked = Clock::now();
    const auto batch = next();
    result.data_wait_s += seconds_since(asked);
    RM_CHECK(batch.has_value(), "the epoch ended before step ", place.step);
    result.sample_ids.insert(result.sample_ids.end(), batch->sample_ids.begin(),
                             batch->sample_ids.end());
    result.replaced.insert(result.replaced.end(), batch->replaced.begin(), batch->replaced.end());
    // Hooks: a full bucket goes to the ring, in plan order.
    mine.totals += forward_backward(*batch, place.epoch);
    gradients_.end_micro_batch();
  }
  const auto deadline = deadline_in(options_.step_deadline_s);
  const auto backward_done = Clock::now();
  activity_.enter("ring wait");
  gradients_.finish(deadline);  // the last bucket is reduced, or an error that names the peer
  result.comm_wait_s = seconds_since(backward_done);
  activity_.enter("agree");
  mine.replaced = static_cast<std::int64_t>(result.replaced.size());
  mine.stop = stop_.take();
  mine.finite = gradients_.sure_of_finite();
  const StepExchange all = exchange(control_, mine, deadline);
  result.totals = all.totals;
  result.all_replaced = all.replaced;
  result.stop = all.stop;
  activity_.enter("optimizer");
  result.outcome = judge(place.step, all.finite, result);
  if (result.outcome == StepOutcome::kApplied) {
    optimizer_.step(result.lr, result.momentum);
    if (share_ != nullptr) share_->meet(deadline);  // each rank of a host has updated a part
    if (ema_ != nullptr) ema_->update(place.updates);
  } else {
    gradients_.flat_statistics().copy_(statistics);
  }
  activity_.enter("report");
  return result;
}

StepOutcome Trainer::judge(std::int64_t step, bool finite, StepResult& result) {
  const bool sound_loss = std::isfinite(result.totals.loss()) || !options_.guard;
  if (scaler_ != nullptr) {
    // At a scale below 1 an overflow is the network's own.
    const bool scaled = scaler_->scale() >= 1 || !options_.guard;
    result.loss_scale = scaler_->scale();
    const bool sound = scaler_->unscale(gradients_.flat());
    scaler_->update(!sound);
    if (!sound && sound_loss && scaled) return StepOutcome::kOverflow;
  }
  if (!sound_loss) return StepOutcome::kNotFinite;
  const bool report = options_.norm_steps > 0 && (step + 1) % options_.norm_steps == 0;
  const bool doubtful = options_.guard && !finite;
  if (!report && !doubtful && options_.clip_norm == 0) return StepOutcome::kApplied;
  const double norm = gradients_.norm();
  if (options_.guard && !std::isfinite(norm)) return StepOutcome::kNotFinite;
  if (report || options_.clip_norm > 0) result.grad_norm = norm;
  if (options_.clip_norm > 0) gradients_.clip(norm, options_.clip_norm);
  return StepOutcome::kApplied;
}

Totals Trainer::forward_backward(const data::Batch& batch, std::int64_t epoch) {
  activity_.enter("forward");
  const ForwardResult forward = run_forward(model_, batch, epoch, options_.forward);
  activity_.enter("backward");
  (scaler_ != nullptr ? forward.loss * scaler_->scale() : forward.loss).backward();
  Totals totals;
  totals.images = forward.targets.size(0);
  const model::Hits hits = model::count_hits(forward.logits.detach(), forward.targets);
  totals.hits1 = hits.top1;
  totals.hits5 = hits.top5;
  totals.loss_sum = forward.loss.item<double>() * static_cast<double>(totals.images);
  return totals;
}

}  // namespace ringmaster::train
