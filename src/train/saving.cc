#include "train/saving.h"

#include <ATen/core/Tensor.h>

#include "base/check.h"
#include "config/config_text.h"
#include "train/averaging.h"

namespace ringmaster::train {
namespace {

// What rank 0 tells the others to read when there is nothing to go on from.
constexpr const char* kNothing = "";

}  // namespace

Saver::Saver(const RunRequest& request, const RunContext& context, Parts& parts, Reporter& reporter)
    : request_(request),
      context_(context),
      parts_(parts),
      reporter_(reporter),
      identity_{request.config_text, parts.train_set->hash()} {
  if (context.control.world().rank != 0) return;
  const obs::RunDir folder(request.run_folder);
  ckpt::StoreOptions options;
  options.keep_epochs = request.options.keep_epochs;
  store_ = std::make_unique<ckpt::Store>(context.files, folder.checkpoints(), options);
  writer_ = std::make_unique<ckpt::AsyncSaver>(*store_);
}

Saver::~Saver() = default;

Progress Saver::resume() {
  const auto deadline =
      Deadline::after(std::chrono::duration<double>(request_.options.step_deadline_s));
  const std::string mine = store_ ? choose_checkpoint() : kNothing;
  resumed_from_ = context_.control.broadcast(mine, 0, deadline);
  Progress progress;
  if (!resumed_from_.empty()) {
    const ckpt::Snapshot snapshot = ckpt::read_snapshot(context_.files, resumed_from_);
    check_same_recipe(snapshot, resumed_from_);
    progress = restore(snapshot, resumed_from_, identity_, *parts_.model, *parts_.optimizer);
    restore_ema(snapshot.ema, resumed_from_, parts_);
  }
  if (store_) store_->prepare();
  return progress;
}

std::string Saver::choose_checkpoint() {
  if (request_.resume == "none") {
    RM_REQUIRE(store_->list().empty(), ErrorKind::kInvalidArgument, store_->folder(),
               " holds checkpoints of an earlier run, and --resume none asks for a new one: give "
               "another --run folder, or "
               "--resume auto to go on with that run");
    return kNothing;
  }
  if (request_.resume != "auto") return request_.resume;
  std::vector<std::string> warnings;
  const auto newest = store_->load_newest(warnings);
  for (const std::string& warning : warnings) reporter_.log().warn(warning);
  return newest ? newest->path : kNothing;
}

void Saver::check_same_recipe(const ckpt::Snapshot& snapshot, const std::string& path) const {
  const auto recorded = snapshot.texts.find("config");
  RM_REQUIRE(recorded != snapshot.texts.end(), ErrorKind::kInvalidArgument, path,
             " records no configuration: training can't go on from it; to start a new run from its "
             "weights use --init");
  std::vector<config::Difference> differences;
  for (auto& difference : config::diff(config::parse_config_text(recorded->second, path),
                                       config::parse_config_text(identity_.config, "this run"))) {
    if (!may_change_on_resume(difference.key)) differences.push_back(std::move(difference));
  }
  RM_REQUIRE(differences.empty(), ErrorKind::kInvalidArgument,
             "this run began with another recipe (", path, "): ", config::diff_text(differences),
             "\nTake the old values, or another --run folder for a new run");
}

void Saver::save(const Progress& progress, SaveReason reason) {
  if (!store_) return;
  ckpt::SaveNames names;
  if (reason == SaveReason::kEpoch || reason == SaveReason::kBestEpoch)
    names.epoch = progress.epoch - 1;
  names.best = reason == SaveReason::kBestEpoch;
  ckpt::Snapshot live =
      take_snapshot(*parts_.model, *parts_.optimizer, progress, identity_,
                    parts_.schedule->lr(progress.step), parts_.schedule->momentum(progress.step));
  live.ema = ema_state(parts_);
  const ckpt::SubmitResult submitted = writer_->submit(live, names);
  reporter_.save_begun(progress, submitted.wait_s + submitted.copy_s);
  report(writer_->take_reports());
}

void Saver::flush() {
  if (writer_) report(writer_->flush());
}

void Saver::report(const std::vector<ckpt::SaveReport>& reports) {
  for (const ckpt::SaveReport& save : reports) {
    for (const std::string& warning : save.result.warnings) reporter_.log().warn(warning);
    if (!save.error) context_.stop.note_saved(save.progress.at("step"));
    if (save.error) {
      throw Error(save.error->kind(), join_text("checkpoint of step ", save.progress.at("step"),
                                                " not saved: ", save.error->what(),
                                                "; the checkpoint before it is untouched"));
    }
  }
}

}  // namespace ringmaster::train
