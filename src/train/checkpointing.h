// Between a run's parts and what a checkpoint holds.
#pragma once

#include <string>

#include "ckpt/snapshot.h"
#include "model/resnet.h"
#include "optim/optimizer.h"
#include "train/progress.h"
#include "train/same_run.h"

namespace ringmaster::train {

// A snapshot of views: it changes with the next step, unless it is copied (ckpt::AsyncSaver does).
[[nodiscard]] ckpt::Snapshot take_snapshot(model::ResNet& model, const optim::Optimizer& optimizer,
                                           const Progress& progress, const RunIdentity& identity,
                                           double lr, double momentum);

// Puts the weights, the statistics, the momentum and the progress of `snapshot` back, in place.
// Error{kInvalidArgument} where the snapshot is of another model: says what differs; then nothing
// has been changed.
[[nodiscard]] Progress restore(const ckpt::Snapshot& snapshot, const std::string& path,
                               model::ResNet& model, optim::Optimizer& optimizer);

// Does nothing where `scaler` is null. Error{kInvalidArgument} where the snapshot has none, or one
// that no GradScaler has.
void restore_scaler(const ckpt::Snapshot& snapshot, const std::string& path,
                    optim::LossScaler* scaler);

// The weights alone: they must be all that the model has, and nothing else, or Error
// {kInvalidArgument} names the first that is missing, of another shape, or not the model's; then
// nothing has been changed. Batch norm's counters may be missing together: they become 0.
void restore_model(const ckpt::NamedTensors& weights, const std::string& path,
                   model::ResNet& model);

}  // namespace ringmaster::train
