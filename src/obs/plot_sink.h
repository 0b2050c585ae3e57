// plots/{loss,accuracy,lr}.png, drawn by gnuplot beside the training after every epoch.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "obs/child_process.h"
#include "obs/sink.h"

namespace ringmaster::obs {

// Never waits but in flush(). At most one gnuplot runs at a time; what comes while it runs is drawn
// after it, the newest only. In `folder` it also leaves plots.gnuplot, from which
// `gnuplot plots.gnuplot` draws the same again, and gnuplot.log. A gnuplot that is missing or fails
// is an Error{kIo} out of the call that notices it: a warning in the log (SinkList), not the run's
// end.
class PlotSink final : public Sink {
 public:
  // `program`: gnuplot's name or path. `patience_s`: how long flush() waits for the last drawing
  // before it kills it.
  PlotSink(FileSystem& files, std::string folder, std::string program = "gnuplot",
           double patience_s = 30);

  std::string name() const override { return "plots in " + folder_; }
  void on_begin(const History& history) override;
  void on_step(const StepReport& report, bool logged) override;
  void on_epoch(const EpochReport& report, const History& history) override;
  void flush() override;

 private:
  void draw(const History& history);
  // Takes the result of a gnuplot that has ended, and starts the next if one is due.
  void advance();
  void check_result(int exit_code);

  FileSystem& files_;
  std::string folder_, program_;
  double patience_s_;
  std::string script_;  // due; empty: none
  std::optional<ChildProcess> child_;
};

}  // namespace ringmaster::obs
