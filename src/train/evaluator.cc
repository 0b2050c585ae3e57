#include "train/evaluator.h"

#include <array>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/check.h"
#include "data/to_device.h"
#include "model/hits.h"
#include "model/loss.h"

namespace ringmaster::train {
namespace {

// Puts the model into evaluation mode while it lives.
class EvalMode {
 public:
  explicit EvalMode(model::ResNet& model) : model_(model), was_training_(model.is_training()) {
    model_.eval();
  }
  ~EvalMode() { model_.train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  model::ResNet& model_;
  const bool was_training_;
};

}  // namespace

Totals evaluate(model::ResNet& model, data::EvalLoader& loader, comm::ControlPlane& control,
                const EvaluatorOptions& options) {
  const at::NoGradGuard no_grad;
  const EvalMode mode(model);
  const data::EvalPlan& plan = loader.plan();
  std::vector<double> batch_losses(
      static_cast<std::size_t>(plan.batches()));  // ours filled in, the others' zero
  std::array<std::int64_t, 3> counts{};
  loader.start();
  while (const auto batch = loader.next()) {
    const AutocastScope autocast(options.precision, options.device.type());
    const at::Tensor targets = batch->targets.to(options.device, /*non_blocking=*/true);
    const at::Tensor logits = model.forward(data::to_device(batch->images, options.device));
    const model::Hits hits = model::count_hits(logits, targets);
    counts[0] += hits.top1;
    counts[1] += hits.top5;
    counts[2] += targets.size(0);
    batch_losses[static_cast<std::size_t>(batch->step)] = model::loss_sum(logits, targets);
  }
  const auto deadline = Deadline::after(std::chrono::duration<double>(options.deadline_s));
  control.all_sum(std::span<std::int64_t>(counts), deadline);
  control.all_sum(std::span<double>(batch_losses), deadline);
  Totals totals;
  totals.hits1 = counts[0];
  totals.hits5 = counts[1];
  totals.images = counts[2];
  for (const double loss : batch_losses) totals.loss_sum += loss;
  RM_CHECK_EQ(totals.images, plan.samples(), "evaluation must count every image once");
  return totals;
}

}  // namespace ringmaster::train
