// Where a run stands. Sample order, learning rate and augmentation are computed from it, so it is
// all that resuming needs beside the weights.
#pragma once

#include <cstdint>

#include "train/totals.h"

namespace ringmaster::train {

struct Progress {
  std::int64_t step = 0;            // global batches seen
  std::int64_t skipped = 0;         // of them changed no weight: the schedule waited
  std::int64_t not_finite = 0;      // of the skipped: by the guard, not the loss scaler
  std::int64_t epoch = 0;           // the epoch that the next step belongs to, from 0
  std::int64_t epoch_step = 0;      // steps of it done
  std::int64_t samples = 0;         // images seen, over all epochs
  std::int64_t attempt = 0;         // lives of the run, this one among them; rank 0 knows
  Totals epoch_totals;              // of the epoch's steps so far
  std::int64_t epoch_replaced = 0;  // damaged records of those steps that others stood in for
  double epoch_train_seconds = 0;   // spent on those steps, over all attempts
  double best_top1 =
      -1;  // highest validation top-1 so far, in per cent; -1 before the first epoch's end

  // Steps that changed the weights: the argument of schedule and average for the next one.
  [[nodiscard]] std::int64_t updates() const { return step - skipped; }

  // To the next epoch, after this one's evaluation.
  void finish_epoch() {
    ++epoch;
    epoch_step = 0;
    epoch_totals = {};
    epoch_replaced = 0;
    epoch_train_seconds = 0;
  }
};

}  // namespace ringmaster::train
