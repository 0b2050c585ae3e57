// TensorBoard's event file: events.out.tfevents.*
//
// Tags: train/loss, train/top1, train/top5, val/loss, val/top1, val/top5, lr once an epoch, and
// step/loss, step/lr, step/images_per_second for the logged steps. The step axis is the global
// step in all of them.
//
// Each attempt writes one new file that holds the whole history and removes the files of earlier
// attempts: nothing overlaps, and nothing is missing. It begins with SessionLog START at step 0,
// which makes a TensorBoard that is watching drop what it had read of them
// (tensorboard/backend/event_processing/event_accumulator.py, _CheckForRestartAndMaybePurge).
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "obs/append_file.h"
#include "obs/sink.h"

namespace ringmaster::obs {

class TensorBoardSink final : public Sink {
 public:
  // `folder` must exist. `now`: seconds since 1970, for the file's name.
  TensorBoardSink(FileSystem& files, std::string folder, double now);

  std::string name() const override { return "TensorBoard's event file in " + folder_; }
  void on_begin(const History& history) override;
  void on_step(const StepReport& report, bool logged) override;
  void on_epoch(const EpochReport& report, const History& history) override;
  void flush() override;

 private:
  FileSystem& files_;
  std::string folder_;
  double now_;
  std::optional<AppendFile> file_;  // from on_begin() on
};

}  // namespace ringmaster::obs
