// log.jsonl: the record of the run, from which everything else can be drawn again.
#pragma once

#include "base/file.h"
#include "obs/append_file.h"
#include "obs/sink.h"

namespace ringmaster::obs {

// Appends; cut_back() the file before. `attempt`: this process's, for every line. A line is in the
// file when its call returns, and on the disk after flush(): a slow disk must not hold up the
// training. Whoever saves a checkpoint that counts a row syncs the file first
// (ckpt::StoreOptions).
class JsonlSink final : public Sink {
 public:
  JsonlSink(FileSystem& files, const std::string& path, std::int64_t attempt);

  std::string name() const override { return path_; }
  void on_step(const StepReport& report, bool logged) override;
  void on_epoch(const EpochReport& report, const History& history) override;
  void on_event(const Event& event) override;
  void flush() override { file_.sync(); }

 private:
  std::string path_;
  AppendFile file_;
  std::int64_t attempt_;
};

}  // namespace ringmaster::obs
