#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/eval_report.h"
#include "app/ranks.h"
#include "base/error.h"
#include "config/config_text.h"
#include "train/evaluate_checkpoint.h"
#include "train/import_weights.h"

namespace ringmaster::app {
namespace {

struct EvalArguments {
  train::EvalRequest request;
  std::int64_t worst = 0;
  bool json = false;
};

// Of weights that record no configuration, unless the user says it.
void recognise_model(FileSystem& files, const EvalArguments& arguments,
                     train::TrainOptions& options) {
  const model::ModelOptions found = train::model_of(
      train::weights_of_checkpoint(files, arguments.request.checkpoint, arguments.request.weights),
      arguments.request.checkpoint);
  options.model = found.name;
  options.small_input = found.small_input;
}

// The checkpoint's own configuration, with what the command line says on top. The machine's keys
// are the command line's alone: a network trained on GPUs is evaluated where we are. Of weights
// without a configuration, names and shapes say which model they are of.
train::TrainOptions resolve_options(const config::Declarations& given,
                                    const EvalArguments& arguments, FileSystem& files) {
  train::TrainOptions options;
  config::Declarations keys;
  train::declare_options(keys, options);
  const std::string recorded = train::recorded_config(files, arguments.request.checkpoint);
  if (recorded.empty()) recognise_model(files, arguments, options);
  for (const config::Assignment& line :
       config::parse_config_text(recorded, arguments.request.checkpoint)) {
    config::parse_into(keys.at(line.key, line.origin), line.value, line.origin);
  }
  for (const config::Key& key : given.keys()) {
    config::Key* const ours = keys.find(key.name);
    if (ours == nullptr) continue;
    if (key.origin != "default" || key.group == "machine")
      config::parse_into(*ours, config::value_text(key), key.origin);
  }
  return options;
}

}  // namespace

config::Command eval_command() {
  const auto arguments = std::make_shared<EvalArguments>();
  config::Command command{
      "eval", "evaluate a checkpoint, ours or anyone's, on the validation images", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("evaluation");
  keys.add("checkpoint", &arguments->request.checkpoint,
           "Checkpoint file: ours, torch.save's or safetensors.",
           {config::required(), config::unrecorded()});
  keys.add("data", &arguments->request.data_folder, "Packed data set.",
           {config::required(), config::unrecorded()});
  keys.add("weights", &arguments->request.weights,
           "The weights as they were trained, or their average (ema_decay).",
           {config::one_of({"model", "ema"}), config::unrecorded()});
  keys.add("worst", &arguments->worst,
           "Name so many of the classes with the lowest top-1 and of the pairs that are taken for "
           "each other most; --json then lists every class. 0: none.",
           {config::at_least(0), config::unrecorded()});
  keys.add("json", &arguments->json, "Print one JSON object.",
           {config::flag(), config::unrecorded()});
  train::declare_options(keys, arguments->request.options);
  command.run = [arguments](const config::Declarations& given) {
    return run_on_ranks(OnSignal::kLeave, [&](const RankContext& rank) {
      train::EvalRequest request = arguments->request;
      request.options = resolve_options(given, *arguments, rank.files);
      request.classes = arguments->worst > 0;
      const auto evaluation =
          train::evaluate_checkpoint(request, {rank.control, rank.mpi, rank.files, rank.stop});
      if (rank.control.world().rank == 0)
        std::cout << (arguments->json
                          ? eval_json(evaluation, arguments->worst)
                          : eval_text(evaluation, request.checkpoint, arguments->worst));
      return kExitDone;
    });
  };
  return command;
}

}  // namespace ringmaster::app
