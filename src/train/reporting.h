// What a run says of itself: rank 0's sinks and console, every rank's log file.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "ckpt/async_saver.h"
#include "obs/rate.h"
#include "obs/run_dir.h"
#include "obs/sink.h"
#include "train/assemble.h"
#include "train/progress.h"
#include "train/run.h"
#include "train/trainer.h"

namespace ringmaster::train {

// One per rank. On ranks other than 0 all but log() does nothing. One thread.
class Reporter {
 public:
  // Makes the run's folder and this rank's log file.
  Reporter(const RunRequest& request, const RunContext& context);
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  [[nodiscard]] Logger& log() { return log_; }

  // Before the first step, with where the run stands: cuts the logs back to it, writes config.cfg,
  // says what will run.
  // `changes`: what was allowed to differ from the run before. Sets progress.attempt on rank 0.
  void begin(const Parts& parts, Progress& progress, const std::string& resumed_from,
             const std::vector<std::string>& changes);
  void step(const Progress& progress, const StepResult& result);
  // `lr`: of the epoch's last step. `seconds`: training and evaluation.
  void epoch(const Progress& progress, const Validation& validation, double lr, double seconds);
  // A save was handed over, and how long the step stood still for it.
  void save_begun(const Progress& progress, const ckpt::SubmitResult& submitted);
  void saved(const Progress& progress, const ckpt::SaveReport& report);
  // The save of `step` failed, the `failures`-th in a row.
  void save_failed(const Progress& progress, std::int64_t step, const Error& error,
                   std::int64_t failures);
  // `saved`: there was something to save.
  void stopped(const Progress& progress, stop::Reason reason, bool saved);
  void finished(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  void replaced(const Progress& progress, const StepResult& result);
  void skipped(const Progress& progress, const StepResult& result);
  void add_sinks(const Parts& parts, Progress& progress);
  void say_first_step();
  void event(obs::EventKind kind, const Progress& progress,
             std::vector<std::pair<std::string, obs::FieldValue>> fields);

  const RunRequest& request_;
  const RunContext& context_;
  const bool speaks_;  // rank 0
  const obs::RunDir folder_;
  Logger log_;
  std::unique_ptr<obs::SinkList> sinks_;  // rank 0, from begin() on
  obs::RateWindow rate_;
  Clock::time_point last_step_{};
  bool has_stepped_ = false;
};

}  // namespace ringmaster::train
