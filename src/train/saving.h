// When a run saves, and from what it resumes.
#pragma once

#include <memory>
#include <string>

#include "ckpt/async_saver.h"
#include "ckpt/store.h"
#include "train/assemble.h"
#include "train/checkpointing.h"
#include "train/progress.h"
#include "train/reporting.h"
#include "train/run.h"

namespace ringmaster::train {

enum class SaveReason { kSteps, kEpoch, kBestEpoch, kRebalance, kStop };

// Rank 0 holds the store; on the other ranks save() and flush() do nothing, for every rank has the
// same weights, statistics and momentum after every step. One thread.
class Saver {
 public:
  Saver(const RunRequest& request, const RunContext& context, Parts& parts, Reporter& reporter);
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  // Collective. Brings every rank to the state that the request's `resume` names, and returns the
  // progress: a new run's where there is nothing to go on from. Damaged checkpoints that were
  // passed over are named in the log. Error{kInvalidArgument} where the run was made with another
  // recipe (says which keys differ) or another data set.
  [[nodiscard]] Progress resume();
  [[nodiscard]] const std::string& resumed_from() const {
    return resumed_from_;
  }  // "" for a new run

  // Copies the state and has it written beside the training, once the save before is written.
  // Error{kIo} where that one failed.
  void save(const Progress& progress, SaveReason reason);
  // Everything is on disk when it returns.
  void flush();

 private:
  [[nodiscard]] std::string choose_checkpoint();  // rank 0
  void report(const std::vector<ckpt::SaveReport>& reports);
  void check_same_recipe(const ckpt::Snapshot& snapshot, const std::string& path) const;

  const RunRequest& request_;
  const RunContext& context_;
  Parts& parts_;
  Reporter& reporter_;
  const RunIdentity identity_;
  std::string resumed_from_;
  std::unique_ptr<ckpt::Store> store_;        // rank 0
  std::unique_ptr<ckpt::AsyncSaver> writer_;  // rank 0
};

}  // namespace ringmaster::train
