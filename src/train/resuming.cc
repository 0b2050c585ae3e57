// The part of Saver that finds what a run goes on from.
#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/seconds.h"
#include "train/agreement.h"
#include "train/averaging.h"
#include "train/checkpointing.h"
#include "train/curves.h"
#include "train/rates.h"
#include "train/saving.h"

namespace ringmaster::train {
namespace {

constexpr const char* kNothing = "";  // there is nothing to go on from
constexpr const char* kAuto = "auto";
constexpr const char* kNone = "none";
constexpr const char* kBeganAt = "began_at";

}  // namespace

Progress Saver::resume() {
  const auto deadline = deadline_in(request_.options.step_deadline_s);
  const std::string mine = store_ ? choose_checkpoint() : kNothing;
  resumed_from_ = context_.control.broadcast(mine, 0, deadline);
  Progress progress;
  if (!resumed_from_.empty()) {
    const ckpt::Snapshot snapshot =
        loaded_ ? std::move(loaded_->snapshot) : ckpt::read_snapshot(context_.files, resumed_from_);
    loaded_.reset();
    changes_ = require_same_run(snapshot, resumed_from_, identity_, request_.allow_change);
    progress = restore(snapshot, resumed_from_, *parts_.model, *parts_.optimizer);
    restore_ema(snapshot.ema, resumed_from_, parts_);
    restore_scaler(snapshot, resumed_from_, parts_.scaler.get());
    require_place(progress);
    if (store_ && !changes_.empty()) say_curves(snapshot, progress);
  }
  // A network disk may show an older file on one host than on another.
  agree(context_.control, {{"steps done in " + resumed_from_, std::to_string(progress.step)}},
        deadline);
  if (!store_) return progress;
  best_on_disk_ = progress.best_top1;
  store_->prepare();
  if (!resumed_from_.empty() && resumed_from_ == request_.resume) go_back(progress);
  // The momentum, which a new run does not have yet, is as large as the parameters; so are the
  // averaged weights.
  const std::size_t parameters_bytes = parts_.flat_parameters.nbytes();
  const std::size_t copies = request_.options.ema_decay > 0 ? 3 : 2;
  if (parts_.device.is_cpu()) writer_->reserve(parameters_bytes * copies + parameters_bytes / 64);
  return progress;
}

std::string Saver::choose_checkpoint() {
  if (request_.resume == kAuto) return newest_or_nothing();
  if (request_.resume == kNone) {
    RM_REQUIRE(store_->list().empty(), ErrorKind::kInvalidArgument, store_->folder(),
               " holds checkpoints of an earlier run, and --resume none asks for a new one: give "
               "another --run folder, or --resume auto to go on with that run");
    return kNothing;
  }
  // A job that is started again with the same command must not go back each time.
  if (began_at_already()) {
    reporter_.log().info("this run has gone on from ", request_.resume,
                         " before: going on from its newest checkpoint");
    began_at_ = request_.resume;
    return newest_or_nothing();
  }
  began_at_ = request_.resume;
  return request_.resume;
}

std::string Saver::newest_or_nothing() {
  std::vector<std::string> warnings;
  loaded_ = store_->load_newest(warnings);
  for (const std::string& warning : warnings)
    reporter_.log().warn("passed over a damaged checkpoint: ", warning);
  if (!loaded_) return kNothing;
  const auto began_at = loaded_->snapshot.texts.find(kBeganAt);
  if (began_at != loaded_->snapshot.texts.end()) began_at_ = began_at->second;
  return loaded_->path;
}

bool Saver::began_at_already() const {
  for (const ckpt::ListedCheckpoint& entry : store_->list()) {
    const auto found = entry.summary.texts.find(kBeganAt);
    if (found != entry.summary.texts.end() && found->second == request_.resume) return true;
  }
  return false;
}

void Saver::require_place(const Progress& progress) const {
  RM_REQUIRE(progress.epoch_step <= parts_.steps_per_epoch, ErrorKind::kInvalidArgument,
             resumed_from_, " stands behind step ", progress.epoch_step,
             " of an epoch, and with the changes that are allowed an epoch has ",
             parts_.steps_per_epoch, " steps: go on from an epoch's end (--resume model_NNN.pt)");
}

void Saver::say_curves(const ckpt::Snapshot& snapshot, const Progress& progress) const {
  const TrainOptions recorded = recorded_options(snapshot.texts.at("config"), resumed_from_);
  const std::int64_t samples = parts_.train_set->size();
  const std::int64_t steps = recorded.global_batch == request_.options.global_batch
                                 ? parts_.steps_per_epoch
                                 : std::max(samples / recorded.global_batch, std::int64_t{1});
  const auto before = schedule_of(recorded, steps);
  const std::string curves =
      curves_text({*before, steps}, {*parts_.schedule, parts_.steps_per_epoch}, progress.epoch);
  if (!curves.empty()) reporter_.log().info(curves);
}

void Saver::go_back(const Progress& progress) {
  for (const std::string& name : store_->set_aside_later(progress.step, progress.epoch))
    reporter_.log().info("set aside, being of a later time of the run: ", name, " -> ", name,
                         ".old");
}

}  // namespace ringmaster::train
