#include "train/trainer.h"

#include <chrono>
#include <cmath>

#include "base/check.h"
#include "data/network_input.h"
#include "model/hits.h"
#include "model/loss.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kDiverged =
    ": no weight was changed by it. Start again from a checkpoint before it, with a lower max_lr, "
    "a "
    "longer warm-up or clip_norm";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(model::ResNet& model, grad::Gradients& gradients, optim::Optimizer& optimizer,
                 const optim::Schedule& schedule, comm::ControlPlane& control, stop::StopFlag& stop,
                 Activity& activity, const TrainerOptions& options, optim::Ema* ema)
    : model_(model),
      gradients_(gradients),
      optimizer_(optimizer),
      schedule_(schedule),
      control_(control),
      stop_(stop),
      activity_(activity),
      options_(options),
      ema_(ema) {}

StepResult Trainer::step(data::TrainLoader& loader, std::int64_t step) {
  StepResult result;
  result.lr = schedule_.lr(step);  // a pure function of the step: resume can't drift
  result.momentum = schedule_.momentum(step);
  StepExchange mine;
  gradients_.arm(options_.micro_batches);
  for (int micro = 0; micro < options_.micro_batches; ++micro) {
    activity_.enter("data wait");
    const auto asked = Clock::now();
    const auto batch = loader.next();
    result.data_wait_s += seconds_since(asked);
    RM_CHECK(batch.has_value(), "the epoch ended before step ", step);
    result.sample_ids.insert(result.sample_ids.end(), batch->sample_ids.begin(),
                             batch->sample_ids.end());
    result.replaced.insert(result.replaced.end(), batch->replaced.begin(), batch->replaced.end());
    mine.totals +=
        forward_backward(*batch);  // hooks: a full bucket goes to the ring, in plan order
    gradients_.end_micro_batch();
  }
  const auto deadline = Deadline::after(std::chrono::duration<double>(options_.step_deadline_s));
  const auto backward_done = Clock::now();
  activity_.enter("ring wait");
  gradients_.finish(deadline);  // the last bucket is reduced, or an error that names the peer
  result.comm_wait_s = seconds_since(backward_done);
  activity_.enter("agree");
  mine.replaced = static_cast<std::int64_t>(result.replaced.size());
  mine.stop = stop_.take();
  const StepExchange all = exchange(control_, mine, deadline);
  result.totals = all.totals;
  result.all_replaced = all.replaced;
  result.stop = all.stop;
  RM_REQUIRE(std::isfinite(result.totals.loss()) || !options_.stop_on_non_finite,
             ErrorKind::kInvalidArgument, "the loss of step ", step + 1, " is ",
             result.totals.loss(), kDiverged);
  activity_.enter("optimizer");
  result.grad_norm = look_at_gradients(step);
  optimizer_.step(result.lr, result.momentum);
  if (ema_ != nullptr) ema_->update(step);
  activity_.enter("report");
  return result;
}

std::optional<double> Trainer::look_at_gradients(std::int64_t step) {
  const bool report = options_.norm_steps > 0 && (step + 1) % options_.norm_steps == 0;
  if (!report && options_.clip_norm == 0) return std::nullopt;
  const double norm = gradients_.norm();
  RM_REQUIRE(std::isfinite(norm), ErrorKind::kInvalidArgument, "the gradients' norm in step ",
             step + 1, " is ", norm, kDiverged);
  if (options_.clip_norm > 0) gradients_.clip(norm, options_.clip_norm);
  return norm;
}

Totals Trainer::forward_backward(const data::Batch& batch) {
  at::Tensor logits, loss;
  activity_.enter("forward");
  const at::Tensor targets = batch.targets.to(options_.device, /*non_blocking=*/true);
  {
    const AutocastScope autocast(options_.precision, options_.device.type());
    logits = model_.forward(data::network_input(batch, options_.device));
    loss = model::cross_entropy(logits, data::mix_targets(targets, batch.mix, logits.size(1)),
                                options_.label_smoothing);
  }
  activity_.enter("backward");
  loss.backward();
  Totals totals;
  totals.images = targets.size(0);
  const model::Hits hits =
      model::count_hits(logits.detach(), data::main_targets(targets, batch.mix));
  totals.hits1 = hits.top1;
  totals.hits5 = hits.top5;
  totals.loss_sum = loss.item<double>() * static_cast<double>(totals.images);
  return totals;
}

}  // namespace ringmaster::train
