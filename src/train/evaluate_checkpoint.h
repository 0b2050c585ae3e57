// `ringmaster eval`: any checkpoint on the validation set.
#pragma once

#include <string>
#include <vector>

#include "ckpt/tensor_archive.h"
#include "train/class_report.h"
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
  bool classes = false;           // also tell class by class
};

struct CheckpointEvaluation {
  Totals totals;
  ClassReport report;                    // empty unless it was asked for
  std::vector<std::string> class_names;  // by label: "n01440764 tench, Tinca tinca", or "Shirt"
};

// Collective. Exact, as evaluator.h says. Errors name the checkpoint or the data set.
[[nodiscard]] CheckpointEvaluation evaluate_checkpoint(const EvalRequest& request,
                                                       const RunContext& context);

// `weights` ("model" or "ema") of any checkpoint. Errors as ckpt::read_weights_file(), or
// read_snapshot() for "ema"; Error{kInvalidArgument} where it holds no average.
[[nodiscard]] ckpt::NamedTensors weights_of_checkpoint(FileSystem& files,
                                                       const std::string& checkpoint,
                                                       const std::string& weights);

// The configuration that a checkpoint was trained with, as its run's config.cfg; "" where it
// records none (torchvision's).
[[nodiscard]] std::string recorded_config(FileSystem& files, const std::string& checkpoint);

}  // namespace ringmaster::train
