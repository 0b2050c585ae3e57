#include "obs/plot_sink.h"

#include <utility>

#include "base/check.h"
#include "base/seconds.h"
#include "obs/plot_script.h"

namespace ringmaster::obs {
namespace {

constexpr const char* kScriptName = "plots.gnuplot";
constexpr const char* kLogName = "gnuplot.log";

}  // namespace

PlotSink::PlotSink(FileSystem& files, std::string folder, std::string program, double patience_s)
    : files_(files),
      folder_(std::move(folder)),
      program_(std::move(program)),
      patience_s_(patience_s) {}

void PlotSink::on_begin(const History& history) {
  files_.make_dirs(folder_);
  draw(history);
}

void PlotSink::on_step(const StepReport& /*report*/, bool logged) {
  if (logged) advance();
}

void PlotSink::on_epoch(const EpochReport& /*report*/, const History& history) {
  draw(history);
}

void PlotSink::flush() {
  const Deadline deadline = deadline_in(patience_s_);
  advance();
  while (child_) {
    if (!child_->wait(deadline)) {
      child_.reset();  // kills it
      script_.clear();
      throw Error(ErrorKind::kIo,
                  join_text(program_, " had not ended after ", patience_s_, " s and was killed"));
    }
    advance();
  }
}

void PlotSink::draw(const History& history) {
  script_ = plot_script(history);
  advance();
}

void PlotSink::advance() {
  if (child_) {
    const auto exit_code = child_->poll();
    if (!exit_code) return;
    child_.reset();
    check_result(*exit_code);
  }
  if (script_.empty()) return;
  const std::string script = std::exchange(script_, "");
  write_atomically(files_, join_path(folder_, kScriptName), script);
  child_.emplace(ChildOptions{{program_, kScriptName}, folder_, join_path(folder_, kLogName)});
}

void PlotSink::check_result(int exit_code) {
  RM_REQUIRE(exit_code == 0, ErrorKind::kIo, program_, " ended with code ", exit_code, ": see ",
             join_path(folder_, kLogName));
}

}  // namespace ringmaster::obs
