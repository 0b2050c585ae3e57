#include "train/run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>

#include "base/check.h"
#include "base/seconds.h"
#include "ckpt/store.h"
#include "obs/reports.h"
#include "obs/run_dir.h"
#include "train/assemble.h"
#include "train/breakdown.h"
#include "train/checkpointing.h"
#include "train/divergence.h"
#include "train/evaluator.h"
#include "train/non_finite.h"
#include "train/reporting.h"
#include "train/sample_log.h"
#include "train/saving.h"
#include "train/stopping.h"
#include "train/tracer.h"
#include "train/trainer.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;

// "20261123T205132Z"
std::string time_name() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc)};
}

// The loop over steps and epochs, with what it reports and saves. One per run.
class Run {
 public:
  Run(const RunRequest& request, const RunContext& context)
      : request_(request),
        context_(context),
        reporter_(request, context),
        parts_(assemble(request, context)),
        started_(context.control.broadcast(time_name(), 0, step_deadline())),
        trainer_(*parts_.model, *parts_.gradients, *parts_.optimizer, *parts_.schedule,
                 context.control, context.stop, activity_,
                 trainer_options_of(request.options, parts_.device, parts_.micro_batches),
                 parts_.update_share.get(), parts_.ema.get(), parts_.scaler.get()),
        tracer_(request.options.trace_steps, activity_, *parts_.engine, *parts_.gradients),
        saver_(request, context, parts_, reporter_),
        samples_(context.files,
                 obs::RunDir(request.run_folder).rank_samples(context.control.world().rank),
                 request.options.log_samples),
        stop_sources_(request.options, context.control.world(), context.stop, reporter_.log()) {
    progress_ = saver_.resume();
    first_step_ = progress_.step;
    context.stop.note_step(first_step_);
    if (!saver_.resumed_from().empty()) context.stop.note_saved(first_step_);
    reporter_.begin(parts_, progress_, saver_.resumed_from(), saver_.changes());
  }

  int train() {
    try {
      return train_through();
    } catch (const std::exception& problem) {
      leave_what_is_known(problem);
      throw;
    }
  }

 private:
  int train_through() {
    // Whoever was asked during the start leaves here: a first step may take a while.
    stop::Reason stop = agree_on_stop(context_.control, context_.stop, step_deadline());
    while (stop == stop::Reason::kNone && progress_.epoch < request_.options.epochs) {
      stop = train_epoch();
      if (stop == stop::Reason::kNone) stop = finish_epoch();
    }
    if (stop != stop::Reason::kNone) return leave(stop);
    saver_.flush(progress_);
    reporter_.finished(progress_);
    return kExitDone;
  }

  // Beside the error itself, which must get through whatever happens here.
  void leave_what_is_known(const std::exception& problem) {
    const comm::World& world = context_.control.world();
    if (world.size == 1) return;
    try {
      const std::string path = leave_record(
          context_.files, obs::RunDir(request_.run_folder).broken_off(started_),
          {world, *parts_.engine, parts_.gradients->plan(), activity_, progress_.step}, problem);
      reporter_.log().error("broke off; the last operations of this rank are in ", path);
    } catch (const std::exception& other) {
      reporter_.log().error("broke off, and could not write down this rank's last operations: ",
                            other.what());
    }
  }

  // The epoch's steps from where it stands. What stops the run, or kNone at the epoch's end.
  stop::Reason train_epoch() {
    parts_.train_loader->start_epoch(progress_.epoch, progress_.epoch_step);
    while (progress_.epoch_step < parts_.steps_per_epoch) {
      const auto start = Clock::now();
      tracer_.before_step();
      const StepResult result =
          trainer_.step([this] { return parts_.train_loader->next(); },
                        {progress_.step, progress_.updates(), progress_.epoch});
      if (result.outcome == StepOutcome::kNotFinite) look_into_non_finite(result);
      count(result);
      progress_.epoch_train_seconds += seconds_since(start);
      progress_.epoch_replaced += result.all_replaced;
      reporter_.step(progress_, result);
      samples_.step(progress_.step, result.sample_ids);
      check_replaced();
      context_.stop.note_step(progress_.step);
      look_after_step();
      if (stop::leaves(result.stop)) return result.stop;
      if (result.stop == stop::Reason::kRebalance) saver_.save(progress_, SaveReason::kRebalance);
      // The epoch's last step is saved with its evaluation, or a resumed run would find the epoch
      // neither open nor closed.
      if (progress_.epoch_step < parts_.steps_per_epoch) saver_.after_step(progress_);
    }
    return stop::Reason::kNone;
  }

  void count(const StepResult& result) {
    ++progress_.step;
    ++progress_.epoch_step;
    progress_.samples += result.totals.images;
    if (std::isfinite(result.totals.loss())) progress_.epoch_totals += result.totals;
    if (result.outcome != StepOutcome::kApplied) ++progress_.skipped;
    if (result.outcome == StepOutcome::kNotFinite) ++progress_.not_finite;
  }

  // Collective. An error, the same on all ranks, unless such steps are to be skipped.
  void look_into_non_finite(const StepResult& result) {
    activity_.enter("non-finite");
    const NonFiniteFinding finding = find_non_finite(
        parts_, context_,
        trainer_options_of(request_.options, parts_.device, parts_.micro_batches).forward,
        progress_, obs::RunDir(request_.run_folder).non_finite(), step_deadline());
    if (!finding.where.empty()) reporter_.log().error(finding.where);
    reporter_.log().warn(skip_or_stop(finding, result.totals, progress_, request_.options));
  }

  // The same on all ranks, since they have agreed on the count.
  void check_replaced() const {
    const std::int64_t budget = request_.options.bad_record_budget;
    RM_REQUIRE(progress_.epoch_replaced <= budget, ErrorKind::kBadData, progress_.epoch_replaced,
               " damaged records were replaced in epoch ", progress_.epoch + 1,
               ", more than bad_record_budget = ", budget, ". `ringmaster-shard verify ",
               request_.data_folder, "` names them all; copy or pack those shards again");
  }

  // What a run may ask for beside its training.
  void look_after_step() {
    tracer_.after_step(context_.control, context_.files, obs::RunDir(request_.run_folder).trace(),
                       step_deadline());
    const std::int64_t every = request_.options.checksum_steps;
    if (every > 0 && progress_.step % every == 0) {
      activity_.enter("checksum");
      check_equal(context_.control, state_hash(parts_), progress_.step, step_deadline());
    }
  }

  Deadline step_deadline() const { return deadline_in(request_.options.step_deadline_s); }

  // What stops the run before the epoch is closed: a resumed run then evaluates from the beginning.
  stop::Reason finish_epoch() {
    const auto start = Clock::now();
    activity_.enter("evaluation");
    Validation validation;
    if (const auto reason = evaluate_into(validation.live); reason != stop::Reason::kNone)
      return reason;
    if (parts_.ema) {
      exchange_averages();
      const stop::Reason reason = evaluate_into(validation.averaged.emplace());
      exchange_averages();
      if (reason != stop::Reason::kNone) return reason;
    }
    const double seconds = progress_.epoch_train_seconds + seconds_since(start);
    const double top1 = validation.averaged.value_or(validation.live).top1_percent();
    const bool best = top1 > progress_.best_top1;
    if (best) progress_.best_top1 = top1;
    reporter_.epoch(progress_, validation,
                    parts_.schedule->lr(std::max(progress_.updates() - 1, std::int64_t{0})),
                    seconds);
    progress_.finish_epoch();
    saver_.save(progress_, best ? SaveReason::kBestEpoch : SaveReason::kEpoch);
    return stop::Reason::kNone;
  }

  // Nobody still reads the weights when they change, or reads them before all of them have.
  void exchange_averages() {
    if (parts_.update_share) parts_.update_share->meet(step_deadline());
    parts_.ema->exchange();
    if (parts_.update_share) parts_.update_share->meet(step_deadline());
  }

  // What stops the run before all images have been seen.
  stop::Reason evaluate_into(Totals& totals) {
    const Evaluation evaluation =
        evaluate(*parts_.model, *parts_.eval_loader, context_.control,
                 {parts_.device, parse_precision(request_.options.precision),
                  request_.options.step_deadline_s},
                 &context_.stop);
    totals = evaluation.totals;
    return evaluation.stopped;
  }

  int leave(stop::Reason reason) {
    const bool trained = progress_.step > first_step_;
    if (trained) saver_.save(progress_, SaveReason::kStop);
    saver_.flush(progress_);
    reporter_.stopped(progress_, reason, trained);
    // Together: the launcher ends the others as soon as the first rank leaves with a code that is
    // not 0. What was asked is done, so a rank that is gone already changes nothing.
    try {
      context_.control.barrier(step_deadline());
    } catch (const Error& error) {
      reporter_.log().warn("leaving alone: ", error.what());
    }
    return stop::exit_code_of(reason);
  }

  const RunRequest& request_;
  const RunContext& context_;
  Reporter reporter_;
  Parts parts_;
  const std::string started_;  // names this attempt, the same on all ranks
  Activity activity_;
  Trainer trainer_;
  Tracer tracer_;
  Saver saver_;
  SampleLog samples_;
  StopSources stop_sources_;
  Progress progress_;
  std::int64_t first_step_ = 0;  // of this life: where it resumed
};

}  // namespace

int run_training(const RunRequest& request, const RunContext& context) {
  return Run(request, context).train();
}

}  // namespace ringmaster::train
