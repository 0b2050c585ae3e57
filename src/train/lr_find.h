// `ringmaster lr-find`: a learning-rate range test with the run's own data, loss, precision and
// augmentation, on all ranks.
#pragma once

#include "train/lr_analysis.h"
#include "train/run.h"

namespace ringmaster::train {

struct LrFindOptions {
  double start_lr = 1e-6, end_lr = 1;
  std::int64_t num_iter = 500;
  bool linear = false;
  double smoothing = 0.95;  // memory of the loss's average
};

struct LrFindResult {
  LrCurve curve;
  LrSuggestion suggestion;
  bool diverged = false;  // before num_iter
  std::string json_path, plot_path;
};

// Collective; the same result on every rank (paths: rank 0). Trains a network that it makes from
// the seed (or `init`) and forgets: checkpoints are neither read nor written. Rank 0 leaves in the
// run's folder
//   lr_suggestion_DATE.json                  suggested_max_lr, min_loss, min_loss_lr, start_lr,
//                                            end_lr, num_iter, verdict, steepest_lr, and the curve
//   lr_finder_DATE_startA_endB_iterN.png     the raw and the smoothed loss over the rate
// Errors as run_training()'s.
[[nodiscard]] LrFindResult find_lr(const RunRequest& request, const LrFindOptions& options,
                                   const RunContext& context);

}  // namespace ringmaster::train
