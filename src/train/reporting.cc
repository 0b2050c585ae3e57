#include "train/reporting.h"

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <optional>

#include <unistd.h>

#include "base/check.h"
#include "base/process_age.h"
#include "base/version.h"
#include "comm/host_groups.h"
#include "obs/jsonl_sink.h"
#include "obs/plot_sink.h"
#include "obs/progress_sink.h"
#include "obs/summary.h"
#include "obs/table_sinks.h"
#include "obs/tensorboard_sink.h"
#include "train/device.h"

namespace ringmaster::train {
namespace {

LogOptions log_options(const obs::RunDir& folder, const comm::World& world) {
  LogOptions options;
  options.file = folder.rank_log(world.rank);
  options.console = world.rank == 0;
  options.prefix = world.name(world.rank);
  return options;
}

// Under mpirun a rank's standard output is a pseudo terminal of mpirun's, wherever mpirun's own
// goes: only who started mpirun knows, and says so in RINGMASTER_COLUMNS (launch/local_mpirun.sh
// does).
std::optional<std::size_t> console_columns() {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) return obs::terminal_columns(STDOUT_FILENO);
  const char* columns = std::getenv("RINGMASTER_COLUMNS");
  if (columns == nullptr) return std::nullopt;
  return static_cast<std::size_t>(std::strtoul(columns, nullptr, 10));
}

// A function of the folder only so that it is made before the log file in it is opened.
obs::RunDir make_folder(FileSystem& files, const std::string& path) {
  obs::RunDir folder(path);
  files.make_dirs(folder.ranks());
  files.make_dirs(folder.plots());
  files.make_dirs(folder.checkpoints());
  return folder;
}

}  // namespace

Reporter::Reporter(const RunRequest& request, const RunContext& context)
    : request_(request),
      context_(context),
      speaks_(context.control.world().rank == 0),
      folder_(make_folder(context.files, request.run_folder)),
      log_(log_options(folder_, context.control.world())) {}

Reporter::~Reporter() = default;

void Reporter::begin(const Parts& parts, Progress& progress, const std::string& resumed_from,
                     const std::vector<std::string>& changes) {
  const comm::World& world = context_.control.world();
  const TrainOptions& options = request_.options;
  const grad::BucketPlan& plan = parts.gradients->plan();
  log_.info(options.model, " on ", parts.device.str(), ", ", world.size,
            world.size == 1 ? " rank" : " ranks", "; gradients: ", parts.engine->describe(),
            "; data set ", parts.train_set->hash(), ", ", parts.train_set->size(), " + ",
            parts.val_set->size(), " images in ", parts.train_set->classes().size(), " classes; ",
            options.epochs, " epochs of ", parts.steps_per_epoch, " steps; ", plan.buckets.size(),
            " buckets, of ", plan.options.bucket_bytes, " bytes beyond the first");
  if (parts.allreduce_table) {
    log_.info("allreduce table, ", parts.allreduce_table->origin, "\n",
              parts.allreduce_table->table.text());
  }
  if (!parts.staged.empty()) log_.info(parts.staged);
  if (!resumed_from.empty()) {
    log_.info("going on from ", resumed_from, ": epoch ", progress.epoch + 1, ", step ",
              progress.epoch_step, " of ", parts.steps_per_epoch);
  }
  for (const std::string& change : changes) log_.info("changed, as --allow_change says: ", change);
  if (!speaks_) return;
  write_atomically(context_.files, folder_.config(), request_.config_text);
  constexpr std::int64_t kElemBytes = sizeof(float);
  add_sinks(parts, progress);
  std::vector<std::pair<std::string, obs::FieldValue>> fields = {
      {"ranks", std::int64_t{world.size}},
      {"hosts", static_cast<std::int64_t>(comm::ranks_by_host(world.hosts).size())},
      {"gradient_bytes", plan.total_elems * kElemBytes},
      {"buckets", static_cast<std::int64_t>(plan.buckets.size())},
      {"bucket_bytes", static_cast<std::int64_t>(plan.options.bucket_bytes)},
      {"last_bucket_bytes", plan.buckets.back().count_elems * kElemBytes},
      {"dataset_hash", parts.train_set->hash()},
      {"allreduce", parts.engine->describe()},
      {"from", resumed_from},
      {"version", std::string(version())}};
  if (parts.threads_per_core) fields.emplace_back("threads_per_core", *parts.threads_per_core);
  event(resumed_from.empty() ? obs::EventKind::kStart : obs::EventKind::kResume, progress,
        std::move(fields));
  for (const std::string& change : changes)
    event(obs::EventKind::kWarning, progress, {{"changed", change}});
}

void Reporter::add_sinks(const Parts& parts, Progress& progress) {
  FileSystem& files = context_.files;
  obs::History history = obs::cut_back(files, folder_.log(), {progress.step, progress.epoch});
  // A life that died before its first save has left its number in the log alone; a run that was
  // moved without its log, in the checkpoint alone.
  const std::int64_t attempt = std::max(history.attempts, progress.attempt) + 1;
  history.attempts = progress.attempt = attempt;
  const double now = obs::SinkList::wall_clock()();
  sinks_ = std::make_unique<obs::SinkList>(std::move(history), request_.options.log_steps, log_);
  sinks_->add(std::make_unique<obs::JsonlSink>(files, folder_.log(), attempt));
  sinks_->add(std::make_unique<obs::MarkdownSink>(files, folder_.markdown()));
  sinks_->add(std::make_unique<obs::JsonListSink>(files, folder_.json_list()));
  sinks_->add(std::make_unique<obs::TensorBoardSink>(files, folder_.path(), now));
  sinks_->add(std::make_unique<obs::PlotSink>(files, folder_.plots()));
  obs::ProgressOptions console;
  console.total_steps = request_.options.epochs * parts.steps_per_epoch;
  console.total_epochs = request_.options.epochs;
  console.columns = console_columns();
  sinks_->add(std::make_unique<obs::ProgressSink>(std::cout, console));
  sinks_->begin();
  last_step_ = Clock::now();
}

void Reporter::step(const Progress& progress, const StepResult& result) {
  if (!has_stepped_) say_first_step();
  replaced(progress, result);
  if (!speaks_) return;
  obs::StepReport report;
  report.step = progress.step;
  report.epoch = progress.epoch + 1;
  report.loss = result.totals.loss();
  report.lr = result.lr;
  report.momentum = result.momentum;
  report.data_wait_s = result.data_wait_s;
  report.comm_wait_s = result.comm_wait_s;
  report.grad_norm = result.grad_norm;
  report.loss_scale = result.loss_scale;
  report.skipped = result.outcome != StepOutcome::kApplied;
  const auto now = Clock::now();
  rate_.add(result.totals.images, std::chrono::duration<double>(now - last_step_).count());
  last_step_ = now;
  report.images_per_second = rate_.images_per_second();
  if (progress.step % request_.options.log_steps == 0) rate_.restart();
  sinks_->on_step(report);
  if (report.skipped) skipped(progress, result);
}

void Reporter::skipped(const Progress& progress, const StepResult& result) {
  const bool overflow = result.outcome == StepOutcome::kOverflow;
  std::vector<std::pair<std::string, obs::FieldValue>> fields = {
      {"reason", std::string(overflow ? "overflow" : "not finite")},
      {"skipped_steps", progress.skipped},
      {"of_them_not_finite", progress.not_finite}};
  if (result.loss_scale) fields.emplace_back("loss_scale", *result.loss_scale);
  event(obs::EventKind::kSkip, progress, std::move(fields));
}

// Each rank names its own records in its log; the run's log has the count over all ranks.
void Reporter::replaced(const Progress& progress, const StepResult& result) {
  for (const data::Replacement& record : result.replaced) {
    log_.warn("step ", progress.step, ": sample ", record.by, " in place of sample ", record.sample,
              ": ", record.reason);
  }
  if (result.all_replaced == 0) return;
  event(obs::EventKind::kWarning, progress,
        {{"replaced_records", result.all_replaced}, {"in_epoch", progress.epoch_replaced}});
}

void Reporter::epoch(const Progress& progress, const Validation& validation, double lr,
                     double seconds) {
  if (!speaks_) return;
  obs::EpochReport report;
  report.epoch = progress.epoch + 1;
  report.step = progress.step;
  report.train_loss = progress.epoch_totals.loss();
  report.train_top1 = progress.epoch_totals.top1_percent();
  report.train_top5 = progress.epoch_totals.top5_percent();
  report.val_loss = validation.live.loss();
  report.val_top1 = validation.live.top1_percent();
  report.val_top5 = validation.live.top5_percent();
  report.val_hits1 = validation.live.hits1;
  report.val_hits5 = validation.live.hits5;
  report.val_n = validation.live.images;
  if (validation.averaged) {
    report.ema_val_loss = validation.averaged->loss();
    report.ema_val_top1 = validation.averaged->top1_percent();
    report.ema_val_top5 = validation.averaged->top5_percent();
  }
  report.lr = lr;
  report.seconds = seconds;
  report.images_per_second =
      static_cast<double>(progress.epoch_totals.images) / progress.epoch_train_seconds;
  sinks_->on_epoch(report);
}

void Reporter::say_first_step() {
  has_stepped_ = true;
  log_.info("first step done ", std::fixed, std::setprecision(2), process_age_s(),
            " s after the process began");
}

void Reporter::save_begun(const Progress& progress, const ckpt::SubmitResult& submitted) {
  event(obs::EventKind::kSave, progress,
        {{"wait_s", submitted.wait_s + submitted.copy_s}, {"copy_s", submitted.copy_s}});
}

void Reporter::saved(const Progress& progress, const ckpt::SaveReport& report) {
  event(obs::EventKind::kSaved, progress,
        {{"saved_step", report.progress.at("step")},
         {"write_s", report.write_s},
         {"bytes", static_cast<std::int64_t>(report.result.file_bytes)}});
}

void Reporter::save_failed(const Progress& progress, std::int64_t step, const Error& error,
                           std::int64_t failures) {
  log_.error("checkpoint of step ", step, " not saved (", failures, " in a row): ", error.what(),
             "; the one before it is untouched, and the training goes on");
  event(obs::EventKind::kSaveFailed, progress,
        {{"failed_step", step}, {"failures", failures}, {"error", std::string(error.what())}});
}

void Reporter::stopped(const Progress& progress, stop::Reason reason, bool saved) {
  event(obs::EventKind::kStop, progress,
        {{"reason", std::string(stop::name_of(reason))},
         {"exit_code", std::int64_t{stop::exit_code_of(reason)}}});
  if (!speaks_) return;
  sinks_->flush();
  log_.info("stopped by ", stop::name_of(reason), " after step ", progress.step,
            saved ? ", saved" : ", nothing new to save", ": the same command goes on from there");
}

void Reporter::finished(const Progress& progress) {
  if (!speaks_) return;
  sinks_->flush();
  log_.info(obs::summary_text(sinks_->history(), folder_));
  log_.info("finished: ", progress.epoch, " epochs, ", progress.step, " steps");
}

void Reporter::event(obs::EventKind kind, const Progress& progress,
                     std::vector<std::pair<std::string, obs::FieldValue>> fields) {
  if (!speaks_) return;
  obs::Event event;
  event.kind = kind;
  event.step = progress.step;
  event.fields = std::move(fields);
  sinks_->on_event(std::move(event));
}

}  // namespace ringmaster::train
