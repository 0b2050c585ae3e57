#include "obs/tensorboard_sink.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <unistd.h>

#include "base/check.h"
#include "obs/tfevents.pb.h"
#include "obs/tfrecord.h"

namespace ringmaster::obs {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

std::string record(const tfevents::Event& event) {
  return tfrecord(event.SerializeAsString());
}

void add_scalar(tfevents::Event& event, const char* tag, double value) {
  if (std::isnan(value)) return;  // not measured
  auto* scalar = event.mutable_summary()->add_value();
  scalar->set_tag(tag);
  scalar->set_simple_value(static_cast<float>(value));
}

std::string record(const StepReport& report) {
  tfevents::Event event;
  event.set_wall_time(report.time);
  event.set_step(report.step);
  add_scalar(event, "step/loss", report.loss);
  add_scalar(event, "step/lr", report.lr);
  add_scalar(event, "step/images_per_second", report.images_per_second);
  return record(event);
}

std::string record(const EpochReport& report) {
  tfevents::Event event;
  event.set_wall_time(report.time);
  event.set_step(report.step);
  add_scalar(event, "train/loss", report.train_loss);
  add_scalar(event, "train/top1", report.train_top1);
  add_scalar(event, "train/top5", report.train_top5);
  add_scalar(event, "val/loss", report.val_loss);
  add_scalar(event, "val/top1", report.val_top1);
  add_scalar(event, "val/top5", report.val_top5);
  if (report.ema_val_loss) add_scalar(event, "val/ema_loss", *report.ema_val_loss);
  if (report.ema_val_top1) add_scalar(event, "val/ema_top1", *report.ema_val_top1);
  if (report.ema_val_top5) add_scalar(event, "val/ema_top5", *report.ema_val_top5);
  add_scalar(event, "lr", report.lr);
  return record(event);
}

// What every event file begins with; version 2 is what makes readers heed SessionLog.
std::string head(double now) {
  tfevents::Event version;
  version.set_wall_time(now);
  version.set_file_version("brain.Event:2");
  tfevents::Event start;
  start.set_wall_time(now);
  start.mutable_session_log()->set_status(tfevents::SessionLog::START);
  return record(version) + record(start);
}

std::string whole_history(const History& history) {
  std::string records;
  auto step = history.steps.begin();
  for (const EpochReport& epoch : history.epochs) {
    for (; step != history.steps.end() && step->step <= epoch.step; ++step)
      records += record(*step);
    records += record(epoch);
  }
  for (; step != history.steps.end(); ++step) records += record(*step);
  return records;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

// The seconds in an event file's name; 0 where there are none that a clock may show (ten digits
// last until 2286).
std::int64_t seconds_of(std::string_view name) {
  constexpr std::int64_t kTenDigits = 9'999'999'999;
  name.remove_prefix(kPrefix.size());
  std::int64_t seconds = 0;
  std::from_chars(name.data(), name.data() + name.size(), seconds);
  return seconds > 0 && seconds < kTenDigits ? seconds : 0;
}

}  // namespace

TensorBoardSink::TensorBoardSink(FileSystem& files, std::string folder, double now)
    : files_(files), folder_(std::move(folder)), now_(now) {}

void TensorBoardSink::on_begin(const History& history) {
  std::vector<std::string> earlier;
  // Readers take the files in the order of their names: the new one must be the last, also when
  // two attempts begin within a second or the clock was set back.
  auto seconds = static_cast<std::int64_t>(now_);
  for (const std::string& name : files_.list(folder_)) {
    if (!name.starts_with(kPrefix)) continue;
    seconds = std::max(seconds, seconds_of(name) + 1);
    earlier.push_back(name);
  }
  file_.emplace(files_, join_path(folder_, join_text(kPrefix, seconds, ".", host_name(), ".",
                                                     ::getpid(), ".0")));
  file_->append(head(now_) + whole_history(history));
  file_->sync();
  for (const std::string& name : earlier) files_.remove(join_path(folder_, name));
}

void TensorBoardSink::on_step(const StepReport& report, bool logged) {
  if (logged && file_) file_->append(record(report));
}

void TensorBoardSink::on_epoch(const EpochReport& report, const History& /*history*/) {
  if (file_) file_->append(record(report));
}

void TensorBoardSink::flush() {
  if (file_) file_->sync();
}

}  // namespace ringmaster::obs
