// Makes the parts of a run out of its options.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "base/log.h"
#include "comm/engine.h"
#include "comm/table_files.h"
#include "data/epoch_plan.h"
#include "data/loader.h"
#include "grad/gradients.h"
#include "model/resnet.h"
#include "optim/ema.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "shard/dataset.h"
#include "train/options.h"
#include "train/run.h"
#include "train/trainer.h"
#include "train/update_share.h"

namespace ringmaster::train {

// Members die in reverse order: the gradients before the engine whose arena they use, the loaders
// before the data sets.
struct Parts {
  c10::Device device = c10::Device(c10::kCPU);
  std::optional<double> threads_per_core;  // that compute; on CPUs
  std::unique_ptr<shard::Dataset> train_set, val_set;
  std::string staged;  // what was copied to this node's disk, for the log
  std::shared_ptr<model::ResNet> model;
  std::unique_ptr<comm::Engine> engine;
  std::optional<comm::FoundTable> allreduce_table;  // of algorithm auto
  std::unique_ptr<UpdateShare> update_share;        // null where this rank makes all of an update
  at::Tensor flat_parameters;  // every trained parameter, in the order of the gradients' plan
  std::unique_ptr<grad::Gradients> gradients;
  std::unique_ptr<optim::Optimizer> optimizer;
  std::unique_ptr<optim::Ema> ema;            // null where no weights are averaged
  std::unique_ptr<optim::LossScaler> scaler;  // null but for float16
  std::unique_ptr<optim::Schedule> schedule;
  std::unique_ptr<data::TrainLoader> train_loader;
  std::unique_ptr<data::EvalLoader> eval_loader;
  std::int64_t steps_per_epoch = 0;
  int micro_batches = 1;
};

// Collective (the engine's connections, and the check that all ranks made the same). Errors name
// the key to change.
[[nodiscard]] Parts assemble(const RunRequest& request, const RunContext& context);

[[nodiscard]] TrainerOptions trainer_options_of(const TrainOptions& options, c10::Device device,
                                                int micro_batches);

// Of weights, statistics and momentum; equal on two ranks exactly if all of these are.
[[nodiscard]] std::string state_hash(const Parts& parts);

// The pieces that evaluation needs too.
[[nodiscard]] std::shared_ptr<model::ResNet> make_network(const TrainOptions& options,
                                                          std::int64_t classes);
[[nodiscard]] data::TransformOptions transform_options(const TrainOptions& options);
[[nodiscard]] data::TransformOptions eval_transform_options(const TrainOptions& options);
[[nodiscard]] data::LoaderOptions loader_options(const TrainOptions& options, c10::Device device);

}  // namespace ringmaster::train
