#include "train/run.h"

#include <chrono>
#include <optional>

#include "base/check.h"
#include "ckpt/store.h"
#include "obs/reports.h"
#include "obs/run_dir.h"
#include "train/assemble.h"
#include "train/checkpointing.h"
#include "train/evaluator.h"
#include "train/reporting.h"
#include "train/saving.h"
#include "train/trainer.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The loop over steps and epochs, with what it reports and saves. One per run.
class Run {
 public:
  Run(const RunRequest& request, const RunContext& context)
      : request_(request),
        context_(context),
        reporter_(request, context),
        parts_(assemble(request, context)),
        trainer_(*parts_.model, *parts_.gradients, *parts_.optimizer, *parts_.schedule,
                 context.control, context.stop, trainer_options()),
        saver_(request, context, parts_, reporter_) {
    progress_ = saver_.resume();
    reporter_.begin(parts_, progress_, saver_.resumed_from());
  }

  int train() {
    while (progress_.epoch < request_.options.epochs) {
      if (const int stop = train_epoch(); stop != 0) return leave(stop);
      finish_epoch();
    }
    saver_.flush();
    reporter_.finished(progress_);
    return kExitDone;
  }

 private:
  TrainerOptions trainer_options() const {
    const TrainOptions& options = request_.options;
    return {parts_.device, parse_precision(options.precision), options.label_smoothing,
            parts_.micro_batches, options.step_deadline_s};
  }

  // The epoch's steps from where it stands. The number of the signal that stops the run, or 0 at
  // the epoch's end.
  int train_epoch() {
    parts_.train_loader->start_epoch(progress_.epoch, progress_.epoch_step);
    while (progress_.epoch_step < parts_.steps_per_epoch) {
      const auto start = Clock::now();
      const StepResult result = trainer_.step(*parts_.train_loader, progress_.step);
      ++progress_.step;
      ++progress_.epoch_step;
      progress_.epoch_totals += result.totals;
      progress_.epoch_train_seconds += seconds_since(start);
      reporter_.step(progress_, result);
      if (result.stop_signal != 0) return result.stop_signal;
      // The epoch's last step is saved with its evaluation, or a resumed run would find the epoch
      // neither open nor closed.
      const std::int64_t every = request_.options.checkpoint_steps;
      if (every > 0 && progress_.step % every == 0 &&
          progress_.epoch_step < parts_.steps_per_epoch) {
        saver_.save(progress_, SaveReason::kSteps);
      }
    }
    return 0;
  }

  void finish_epoch() {
    const auto start = Clock::now();
    const Totals validation = evaluate(*parts_.model, *parts_.eval_loader, context_.control,
                                       {parts_.device, parse_precision(request_.options.precision),
                                        request_.options.step_deadline_s});
    const double seconds = progress_.epoch_train_seconds + seconds_since(start);
    const bool best = validation.top1_percent() > progress_.best_top1;
    if (best) progress_.best_top1 = validation.top1_percent();
    reporter_.epoch(progress_, validation, parts_.schedule->lr(progress_.step - 1), seconds);
    progress_.finish_epoch();
    saver_.save(progress_, best ? SaveReason::kBestEpoch : SaveReason::kEpoch);
  }

  int leave(int signal) {
    saver_.save(progress_, SaveReason::kStop);
    saver_.flush();
    reporter_.stopped(progress_, signal);
    // Together: the launcher ends the others as soon as the first rank leaves with a code that is
    // not 0.
    context_.control.barrier(
        Deadline::after(std::chrono::duration<double>(request_.options.step_deadline_s)));
    return exit_code_of_signal(signal);
  }

  const RunRequest& request_;
  const RunContext& context_;
  Reporter reporter_;
  Parts parts_;
  Trainer trainer_;
  Saver saver_;
  Progress progress_;
};

}  // namespace

int run_training(const RunRequest& request, const RunContext& context) {
  return Run(request, context).train();
}

}  // namespace ringmaster::train
