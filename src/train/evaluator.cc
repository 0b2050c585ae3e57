#include "train/evaluator.h"

#include <array>
#include <optional>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/check.h"
#include "base/seconds.h"
#include "data/to_device.h"
#include "model/hits.h"
#include "model/loss.h"
#include "train/stopping.h"

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

// Of the rank that has the most.
std::int64_t most_batches(const data::EvalPlan& plan) {
  return (plan.batches() + plan.ranks() - 1) / plan.ranks();
}

// Of this rank, until the end.
struct Counts {
  std::array<std::int64_t, 3> hits{};  // top-1, top-5, images
  std::vector<double> batch_losses;    // ours filled in, the others' zero
  std::optional<AnswerSheet> answers;  // where they are asked for
};

void count(model::ResNet& model, const data::Batch& batch, const EvaluatorOptions& options,
           Counts& counts) {
  const AutocastScope autocast(options.precision, options.device.type());
  const at::Tensor targets = batch.targets.to(options.device, /*non_blocking=*/true);
  const at::Tensor logits = model.forward(data::to_device(batch.images, options.device));
  const model::Hits hits = model::count_hits(logits, targets);
  counts.hits[0] += hits.top1;
  counts.hits[1] += hits.top5;
  counts.hits[2] += targets.size(0);
  if (counts.answers) counts.answers->add(batch.sample_ids, logits, targets);
  counts.batch_losses[static_cast<std::size_t>(batch.step)] = model::loss_sum(logits, targets);
}

// Collective.
Totals add_up(Counts& counts, comm::ControlPlane& control, Deadline deadline) {
  control.all_sum(std::span<std::int64_t>(counts.hits), deadline);
  control.all_sum(std::span<double>(counts.batch_losses), deadline);
  Totals totals;
  totals.hits1 = counts.hits[0];
  totals.hits5 = counts.hits[1];
  totals.images = counts.hits[2];
  for (const double loss : counts.batch_losses) totals.loss_sum += loss;
  return totals;
}

}  // namespace

Evaluation evaluate(model::ResNet& model, data::EvalLoader& loader, comm::ControlPlane& control,
                    const EvaluatorOptions& options, const stop::StopFlag* stop) {
  const at::NoGradGuard no_grad;
  const EvalMode mode(model);
  const data::EvalPlan& plan = loader.plan();
  const auto deadline = [&] { return deadline_in(options.deadline_s); };
  Counts counts;
  counts.batch_losses.resize(static_cast<std::size_t>(plan.batches()));
  if (options.answers) counts.answers.emplace(plan.samples());
  loader.start();
  for (std::int64_t round = 0; round < most_batches(plan); ++round) {
    if (stop != nullptr) {
      const stop::Reason reason = agree_on_stop(control, *stop, deadline());
      if (reason != stop::Reason::kNone) return {{}, reason, {}};
    }
    if (const auto batch = loader.next()) count(model, *batch, options, counts);
  }
  const Totals totals = add_up(counts, control, deadline());
  RM_CHECK_EQ(totals.images, plan.samples(), "evaluation must count every image once");
  Evaluation evaluation{totals, stop::Reason::kNone, {}};
  if (counts.answers) evaluation.answers = counts.answers->gather(control, deadline());
  return evaluation;
}

}  // namespace ringmaster::train
