#include "obs/progress_sink.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "obs/rate.h"
#include "obs/text.h"

namespace ringmaster::obs {
namespace {

constexpr double kRedrawSeconds = 0.1;           // faster than this nobody reads
constexpr const char* kClearLine = "\r\x1b[2K";  // ECMA-48: erase in line

std::string percent(double value) {
  return fixed(value, 2) + " %";
}

std::string wait_text(const char* what, double seconds) {
  return std::isnan(seconds) ? "" : join_text("  ", what, " ", fixed(seconds * 1e3, 1), " ms");
}

std::string field_text(const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::visit([](const auto& other) { return join_text(other); }, value);
}

}  // namespace

std::optional<std::size_t> terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) return std::nullopt;
  struct winsize size {};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

ProgressSink::ProgressSink(std::ostream& out, const ProgressOptions& options, Clock clock)
    : out_(out), options_(options), clock_(std::move(clock)) {}

ProgressSink::Clock ProgressSink::steady_clock() {
  return [] {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(since_start).count();
  };
}

void ProgressSink::on_step(const StepReport& report, bool logged) {
  const double now = clock_();
  if (!first_step_) {
    first_step_ = report.step;
    first_time_ = now;
  }
  if (!options_.columns) {
    if (logged) print(describe(report, now));
    return;
  }
  // The last step is drawn always, so that the line doesn't end at one before.
  const bool due = now - drawn_at_ >= kRedrawSeconds || report.step == options_.total_steps;
  if (line_open_ && !due) return;
  drawn_at_ = now;
  redraw(describe(report, now));
}

void ProgressSink::on_epoch(const EpochReport& report, const History& /*history*/) {
  const std::string average =
      report.ema_val_top1 ? join_text("average: top-1 ", percent(*report.ema_val_top1), "  ") : "";
  print(join_text("epoch ", report.epoch, "/", options_.total_epochs, "  train loss ",
                  fixed(report.train_loss, 4), "  val loss ", fixed(report.val_loss, 4), "  top-1 ",
                  percent(report.val_top1), "  top-5 ", percent(report.val_top5), "  (",
                  report.val_hits1, " and ", report.val_hits5, " of ", report.val_n, ")  ", average,
                  fixed(report.images_per_second, 1), " img/s  ", duration(report.seconds)));
}

void ProgressSink::on_event(const Event& event) {
  std::string line = join_text(name_of(event.kind), " at step ", event.step);
  for (const auto& [name, value] : event.fields) line += "  " + name + " " + field_text(value);
  print(line);
}

void ProgressSink::flush() {
  if (line_open_) out_ << "\n";
  line_open_ = false;
  out_.flush();
}

std::string ProgressSink::describe(const StepReport& report, double now) const {
  const double eta = eta_seconds(now - first_time_, report.step - *first_step_,
                                 options_.total_steps - report.step);
  return join_text("epoch ", report.epoch, "/", options_.total_epochs, "  step ", report.step, "/",
                   options_.total_steps, "  loss ", fixed(report.loss, 4), "  lr ",
                   fixed(report.lr, 6), "  ", fixed(report.images_per_second, 1), " img/s  ETA ",
                   duration(eta), wait_text("data", report.data_wait_s),
                   wait_text("ring", report.comm_wait_s), report.skipped ? "  skipped" : "");
}

void ProgressSink::redraw(const std::string& line) {
  // One column less than there are: a terminal wraps when the last one is written, and the next
  // \r would go to the wrong line.
  const std::size_t room = std::max<std::size_t>(*options_.columns, 1) - 1;
  out_ << kClearLine << line.substr(0, room) << std::flush;
  line_open_ = true;
}

void ProgressSink::print(const std::string& line) {
  if (line_open_) out_ << kClearLine;
  line_open_ = false;
  out_ << line << "\n" << std::flush;
}

}  // namespace ringmaster::obs
