#include "train/saving.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "train/averaging.h"
#include "train/checkpointing.h"

namespace ringmaster::train {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kMaxCopyThreads = 4;  // more don't make memory faster

SaveScheduleOptions schedule_options(const TrainOptions& options) {
  return {options.checkpoint_steps, options.checkpoint_minutes, options.save_retry_s};
}

int copy_threads() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxCopyThreads);
}

}  // namespace

Saver::Saver(const RunRequest& request, const RunContext& context, Parts& parts, Reporter& reporter)
    : request_(request),
      context_(context),
      parts_(parts),
      reporter_(reporter),
      identity_{request.config_text, parts.train_set->hash()},
      schedule_(schedule_options(request.options), Clock::now()) {
  if (context.control.world().rank != 0) return;
  const obs::RunDir folder(request.run_folder);
  ckpt::StoreOptions options;
  options.keep_epochs = request.options.keep_epochs;
  options.keep_every = request.options.keep_every;
  options.sync_first = {folder.log()};
  store_ = std::make_unique<ckpt::Store>(context.files, folder.checkpoints(), options);
  writer_ = std::make_unique<ckpt::AsyncSaver>(*store_, copy_threads());
}

Saver::~Saver() = default;

void Saver::after_step(Progress& progress) {
  if (!store_) return;
  take(writer_->take_reports(), progress);
  if (!schedule_.due(progress.step, Clock::now())) return;
  submit(progress, {}, Deadline::after(Seconds(0)));
}

void Saver::save(Progress& progress, SaveReason reason) {
  if (!store_) return;
  ckpt::SaveNames names;
  if (reason == SaveReason::kEpoch || reason == SaveReason::kBestEpoch)
    names.epoch = progress.epoch - 1;
  names.best = reason == SaveReason::kBestEpoch;
  // The other ranks wait in the next step meanwhile: they must not run into its deadline.
  const double bound_s =
      std::min(request_.options.save_wait_s, request_.options.step_deadline_s / 2);
  const bool waits = reason == SaveReason::kStop;
  if (!submit(progress, names, waits ? Deadline::never() : Deadline::after(Seconds(bound_s)))) {
    const Error slow(ErrorKind::kIo, join_text("the save before, of step ", last_.step,
                                               ", was still being written after ", bound_s, " s"));
    fail({progress.step, names, progress.best_top1}, slow, progress);
  }
  take(writer_->take_reports(), progress);
}

void Saver::flush(Progress& progress) {
  if (!store_) return;
  take(writer_->flush(), progress);
  if (!unsaved_) return;
  const Submitted lost = *unsaved_;
  progress.best_top1 = lost.best_top1;
  submit(progress, lost.names, Deadline::never());
  take(writer_->flush(), progress);
  RM_REQUIRE(!unsaved_, ErrorKind::kIo, "the checkpoint of step ", lost.step,
             " could not be saved in ", store_->folder(),
             " (the log says why); the one before it is untouched, and the same command goes on "
             "from there");
}

bool Saver::submit(Progress& progress, const ckpt::SaveNames& names, Deadline deadline) {
  const ckpt::SubmitResult submitted = writer_->submit(live_snapshot(progress), names, deadline);
  if (!submitted.accepted) return false;
  take(submitted.ended, progress);
  last_ = {progress.step, names, progress.best_top1};
  schedule_.taken(Clock::now());
  reporter_.save_begun(progress, submitted);
  return true;
}

void Saver::take(const std::vector<ckpt::SaveReport>& reports, Progress& progress) {
  for (const ckpt::SaveReport& report : reports) {
    for (const std::string& warning : report.result.warnings) reporter_.log().warn(warning);
    if (report.error) {
      fail(last_, *report.error, progress);
      continue;
    }
    failures_ = 0;
    unsaved_.reset();
    context_.stop.note_saved(report.progress.at("step"));
    if (report.names.best) best_on_disk_ = last_.best_top1;
    reporter_.saved(progress, report);
  }
}

void Saver::fail(const Submitted& save, const Error& error, Progress& progress) {
  ++failures_;
  unsaved_ = save;
  // Or no later epoch would be good enough for a best.pt that was never written.
  if (save.names.best) progress.best_top1 = best_on_disk_;
  schedule_.failed(Clock::now());
  reporter_.save_failed(progress, save.step, error, failures_);
  const std::int64_t limit = request_.options.save_failures;
  RM_REQUIRE(limit == 0 || failures_ < limit, error.kind(), "checkpoint of step ", save.step,
             " not saved: ", error.what(), "; ", failures_,
             failures_ == 1 ? " save has" : " saves in a row have",
             " failed, and save_failures allows no more. The checkpoint before is untouched");
}

ckpt::Snapshot Saver::live_snapshot(const Progress& progress) const {
  ckpt::Snapshot snapshot = take_snapshot(*parts_.model, *parts_.optimizer, progress, identity_,
                                          parts_.schedule->lr(progress.updates()),
                                          parts_.schedule->momentum(progress.updates()));
  snapshot.ema = ema_state(parts_);
  if (parts_.scaler) snapshot.scaler = parts_.scaler->state();
  if (!began_at_.empty()) snapshot.texts["began_at"] = began_at_;
  return snapshot;
}

}  // namespace ringmaster::train
