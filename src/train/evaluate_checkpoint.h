// `ringmaster eval`: any checkpoint on the validation set.
#pragma once

#include <string>

#include "train/options.h"
#include "train/run.h"
#include "train/totals.h"

namespace ringmaster::train {

struct EvalRequest {
  TrainOptions
      options;  // of the model, the image size, the machine; the recipe's keys are not used
  std::string data_folder;
  std::string checkpoint;
  std::string weights = "model";  // or "ema": the averaged ones that a run saved
};

// Collective. Exact, as evaluator.h says. Errors name the checkpoint or the data set.
[[nodiscard]] Totals evaluate_checkpoint(const EvalRequest& request, const RunContext& context);

// The configuration that a checkpoint was trained with, as its run's config.cfg; "" where it
// records none (torchvision's).
[[nodiscard]] std::string recorded_config(FileSystem& files, const std::string& checkpoint);

}  // namespace ringmaster::train
