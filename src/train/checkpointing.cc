#include "train/checkpointing.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "base/check.h"
#include "ckpt/optimizer_state.h"

namespace ringmaster::train {
namespace {

using TensorMap = std::map<std::string, at::Tensor>;

TensorMap by_name(const ckpt::NamedTensors& tensors) {
  return {tensors.begin(), tensors.end()};
}

const at::Tensor& find(const TensorMap& tensors, const std::string& name, const at::Tensor& like,
                       const std::string& path) {
  const auto found = tensors.find(name);
  RM_REQUIRE(found != tensors.end(), ErrorKind::kInvalidArgument, path, " has no ", name,
             ": it is a checkpoint of another model (see the keys model and small_input)");
  RM_REQUIRE(found->second.sizes() == like.sizes(), ErrorKind::kInvalidArgument, path, ": ", name,
             " has shape ", found->second.sizes(), ", the model's has ", like.sizes(),
             ": another model or number of classes");
  return found->second;
}

bool is_counter(const std::string& name) {
  constexpr std::string_view kEnd = ".num_batches_tracked";
  return name.size() > kEnd.size() && name.substr(name.size() - kEnd.size()) == kEnd;
}

// Before version 2 of its batch norm (0.4.1) PyTorch counted no batches: where no counter is there,
// all are 0, as its load_state_dict() has it.
TensorMap with_counters(TensorMap saved, const std::vector<model::NamedTensor>& state) {
  const bool counted = std::any_of(saved.begin(), saved.end(),
                                   [](const auto& entry) { return is_counter(entry.first); });
  for (const auto& entry : state) {
    if (!counted && is_counter(entry.name)) saved[entry.name] = at::zeros_like(entry.tensor);
  }
  return saved;
}

void require_no_others(const TensorMap& saved, const std::vector<model::NamedTensor>& state,
                       const std::string& path) {
  std::set<std::string> known;
  for (const auto& entry : state) known.insert(entry.name);
  for (const auto& [name, tensor] : saved) {
    RM_REQUIRE(known.contains(name), ErrorKind::kInvalidArgument, path, " has ", name,
               ", which the model has not: it is a checkpoint of another model (see the keys model "
               "and small_input)");
  }
}

std::int64_t number(const ckpt::Snapshot& snapshot, const std::string& key,
                    const std::string& path) {
  const auto found = snapshot.progress.find(key);
  RM_REQUIRE(found != snapshot.progress.end(), ErrorKind::kInvalidArgument, path,
             " has no progress.", key,
             ": it is not a checkpoint of a training run, so training can't go on from it");
  return found->second;
}

double real(const ckpt::Snapshot& snapshot, const std::string& key, double otherwise) {
  const auto found = snapshot.numbers.find(key);
  return found == snapshot.numbers.end() ? otherwise : found->second;
}

Progress progress_of(const ckpt::Snapshot& snapshot, const std::string& path) {
  Progress progress;
  progress.step = number(snapshot, "step", path);
  // Checkpoints from before steps could be skipped have none.
  const auto skips = [&](const char* key) {
    const auto found = snapshot.progress.find(key);
    return found == snapshot.progress.end() ? std::int64_t{0} : found->second;
  };
  progress.skipped = skips("skipped");
  progress.not_finite = skips("not_finite");
  progress.epoch = number(snapshot, "epoch", path);
  progress.epoch_step = number(snapshot, "epoch_step", path);
  progress.samples = number(snapshot, "samples", path);
  progress.attempt = number(snapshot, "attempt", path);
  progress.epoch_totals.hits1 = number(snapshot, "epoch_hits1", path);
  progress.epoch_totals.hits5 = number(snapshot, "epoch_hits5", path);
  progress.epoch_totals.images = number(snapshot, "epoch_images", path);
  progress.epoch_replaced = number(snapshot, "epoch_replaced", path);
  progress.epoch_totals.loss_sum = real(snapshot, "epoch_loss_sum", 0);
  progress.epoch_train_seconds = real(snapshot, "epoch_train_seconds", 0);
  progress.best_top1 = real(snapshot, "best_top1", -1);
  return progress;
}

}  // namespace

ckpt::Snapshot take_snapshot(model::ResNet& model, const optim::Optimizer& optimizer,
                             const Progress& progress, const RunIdentity& identity, double lr,
                             double momentum) {
  const at::NoGradGuard no_grad;
  ckpt::Snapshot snapshot;
  for (const auto& entry : model::state(model)) {
    snapshot.model.emplace_back(entry.name, entry.tensor.detach());
  }
  snapshot.optimizer = ckpt::snapshot_of(optimizer, lr, momentum);
  snapshot.progress = {{"step", progress.step},
                       {"skipped", progress.skipped},
                       {"not_finite", progress.not_finite},
                       {"epoch", progress.epoch},
                       {"epoch_step", progress.epoch_step},
                       {"samples", progress.samples},
                       {"attempt", progress.attempt},
                       {"epoch_hits1", progress.epoch_totals.hits1},
                       {"epoch_hits5", progress.epoch_totals.hits5},
                       {"epoch_images", progress.epoch_totals.images},
                       {"epoch_replaced", progress.epoch_replaced}};
  snapshot.numbers = {{"epoch_loss_sum", progress.epoch_totals.loss_sum},
                      {"epoch_train_seconds", progress.epoch_train_seconds},
                      {"best_top1", progress.best_top1}};
  snapshot.texts = identity_texts(identity);
  return snapshot;
}

void restore_model(const ckpt::NamedTensors& weights, const std::string& path,
                   model::ResNet& model) {
  const at::NoGradGuard no_grad;
  auto state = model::state(model);
  const TensorMap saved = with_counters(by_name(weights), state);
  for (const auto& entry : state)
    (void)find(saved, entry.name, entry.tensor, path);  // all before the first is changed
  require_no_others(saved, state, path);
  for (auto& entry : state) entry.tensor.copy_(find(saved, entry.name, entry.tensor, path));
}

Progress restore(const ckpt::Snapshot& snapshot, const std::string& path, model::ResNet& model,
                 optim::Optimizer& optimizer) {
  const Progress progress = progress_of(snapshot, path);
  restore_model(snapshot.model, path, model);
  ckpt::restore_optimizer(snapshot.optimizer, path, optimizer);
  return progress;
}

void restore_scaler(const ckpt::Snapshot& snapshot, const std::string& path,
                    optim::LossScaler* scaler) {
  if (scaler == nullptr) return;
  RM_REQUIRE(snapshot.scaler.has_value(), ErrorKind::kInvalidArgument, path,
             " has no loss scaler: it is of a run in another precision than fp16");
  try {
    *scaler = optim::LossScaler(*snapshot.scaler);
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what());
  }
}

}  // namespace ringmaster::train
