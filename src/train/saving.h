// When a run saves, and from what it resumes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ckpt/async_saver.h"
#include "ckpt/store.h"
#include "train/assemble.h"
#include "train/progress.h"
#include "train/reporting.h"
#include "train/run.h"
#include "train/same_run.h"
#include "train/save_schedule.h"

namespace ringmaster::train {

enum class SaveReason { kEpoch, kBestEpoch, kRebalance, kStop };

// Rank 0 holds the store and decides by its own clock when to save; on the other ranks all but
// resume() does nothing, for every rank has the same weights, statistics and momentum after every
// step. One thread.
//
// A save that fails is reported, and tried again `save_retry_s` later; the training goes on. Only
// the `save_failures`-th in a row is an Error{kIo}, out of the call that learns of it.
class Saver {
 public:
  Saver(const RunRequest& request, const RunContext& context, Parts& parts, Reporter& reporter);
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  // Collective. Brings every rank to the state that the request's `resume` names, and returns the
  // progress: a new run's where there is nothing to go on from. Damaged checkpoints that were
  // passed over are named in the log. Error{kInvalidArgument} where the run was made with another
  // recipe or data set (same_run.h), unless the request allows it.
  [[nodiscard]] Progress resume();
  [[nodiscard]] const std::string& resumed_from() const {
    return resumed_from_;
  }  // "" for a new run
  // What differs from the run before, and was allowed to: "max_lr: 0.1 -> 0.2".
  [[nodiscard]] const std::vector<std::string>& changes() const { return changes_; }

  // After a step within an epoch: learns how saves have ended, and begins one where one is due and
  // the one before is written; where it is not, the training goes on and the save stays due.
  void after_step(Progress& progress);
  // Copies the state and has it written beside the training. Waits for the save before: at an
  // epoch's end up to `save_wait_s`, which is then a failed save; before a stop until it is
  // written.
  void save(Progress& progress, SaveReason reason);
  // Everything is on disk when it returns, a save that failed tried once more; else Error{kIo}.
  void flush(Progress& progress);

 private:
  struct Submitted {
    std::int64_t step = 0;
    ckpt::SaveNames names;
    double best_top1 = -1;
  };

  [[nodiscard]] std::string choose_checkpoint();  // rank 0
  [[nodiscard]] std::string newest_or_nothing();
  [[nodiscard]] bool began_at_already() const;
  void require_place(const Progress& progress) const;
  // Logs both curves where a change has changed the learning rates.
  void say_curves(const ckpt::Snapshot& snapshot, const Progress& progress) const;
  void go_back(const Progress& progress);
  [[nodiscard]] ckpt::Snapshot live_snapshot(const Progress& progress) const;
  bool submit(Progress& progress, const ckpt::SaveNames& names, Deadline deadline);
  void take(const std::vector<ckpt::SaveReport>& reports, Progress& progress);
  void fail(const Submitted& save, const Error& error, Progress& progress);

  const RunRequest& request_;
  const RunContext& context_;
  Parts& parts_;
  Reporter& reporter_;
  const RunIdentity identity_;
  std::string resumed_from_;
  std::vector<std::string> changes_;
  std::string began_at_;  // the checkpoint that --resume named, once the run has gone on from it

  // Rank 0.
  std::unique_ptr<ckpt::Store> store_;
  std::unique_ptr<ckpt::AsyncSaver> writer_;
  std::optional<ckpt::LoadedSnapshot> loaded_;  // what choose_checkpoint() has read already
  SaveSchedule schedule_;
  Submitted last_;                    // handed to the writer
  std::optional<Submitted> unsaved_;  // the last one, where it failed
  double best_on_disk_ = -1;          // the accuracy of best.pt
  std::int64_t failures_ = 0;         // in a row
};

}  // namespace ringmaster::train
