#include "train/evaluate_checkpoint.h"

#include <ATen/Parallel.h>

#include "base/check.h"
#include "ckpt/snapshot.h"
#include "ckpt/weights_file.h"
#include "shard/dataset.h"
#include "train/assemble.h"
#include "train/checkpointing.h"
#include "train/data_sets.h"
#include "train/device.h"
#include "train/evaluator.h"
#include "train/precision.h"

namespace ringmaster::train {
namespace {

// With their words, where the data set has any.
std::vector<std::string> class_names(const shard::Manifest& manifest) {
  std::vector<std::string> names = manifest.classes;
  for (std::size_t label = 0; label < manifest.class_words.size() && label < names.size(); ++label)
    names[label] += " " + manifest.class_words[label];
  return names;
}

}  // namespace

ckpt::NamedTensors weights_of_checkpoint(FileSystem& files, const std::string& checkpoint,
                                         const std::string& weights) {
  if (weights == "model") return ckpt::read_weights_file(files, checkpoint);
  ckpt::Snapshot snapshot = ckpt::read_snapshot(files, checkpoint);
  RM_REQUIRE(!snapshot.ema.empty(), ErrorKind::kInvalidArgument, checkpoint,
             " holds no averaged weights: its run had no ema_decay. Take --weights model");
  return std::move(snapshot.ema);
}

CheckpointEvaluation evaluate_checkpoint(const EvalRequest& request, const RunContext& context) {
  const TrainOptions& options = request.options;
  const comm::World& world = context.control.world();
  const c10::Device device = choose_device(options.device, world);
  apply_precision(parse_precision(options.precision), device);
  at::set_num_threads(threads_per_rank(static_cast<int>(options.threads), world));
  const shard::Manifest manifest = shard::read_manifest(context.files, request.data_folder);
  const data::EvalPlan plan = eval_plan(options, manifest, world.size);
  const StagedData staged =
      stage_data(options, request.data_folder, manifest, nullptr, plan, context);
  const auto dataset =
      shard::open_dataset(context.files, request.data_folder, "val", staged.folder_of);
  const auto model = make_network(options, std::ssize(dataset->classes()));
  restore_model(weights_of_checkpoint(context.files, request.checkpoint, request.weights),
                request.checkpoint, *model);
  model->to(device);
  data::EvalLoader loader(*dataset, plan, world.rank, eval_transform_options(options),
                          loader_options(options, device));
  const Evaluation evaluation = evaluate(
      *model, loader, context.control,
      {device, parse_precision(options.precision), options.step_deadline_s, request.classes},
      nullptr);
  CheckpointEvaluation result{evaluation.totals, {}, class_names(manifest)};
  if (request.classes) {
    result.report =
        class_report(evaluation.answers, static_cast<std::int64_t>(result.class_names.size()));
  }
  return result;
}

std::string recorded_config(FileSystem& files, const std::string& checkpoint) {
  try {
    const ckpt::Snapshot snapshot = ckpt::read_summary(files, checkpoint);
    const auto found = snapshot.texts.find("config");
    return found == snapshot.texts.end() ? "" : found->second;
  } catch (const Error& error) {
    // Weights that something else wrote record no configuration; whether they are weights at all,
    // read_weights() says.
    if (error.kind() == ErrorKind::kBadData) return "";
    throw;
  }
}

}  // namespace ringmaster::train
