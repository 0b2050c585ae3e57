#include <iomanip>
#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/ranks.h"
#include "base/error.h"
#include "config/config_text.h"
#include "train/evaluate_checkpoint.h"

namespace ringmaster::app {
namespace {

struct EvalArguments {
  train::EvalRequest request;
  bool json = false;
};

// The checkpoint's own configuration, with what the command line says on top. The machine's keys
// are the command line's alone: a network trained on GPUs is evaluated where we are.
train::TrainOptions resolve_options(const config::Declarations& given,
                                    const EvalArguments& arguments, FileSystem& files) {
  train::TrainOptions options;
  config::Declarations keys;
  train::declare_options(keys, options);
  const std::string recorded = train::recorded_config(files, arguments.request.checkpoint);
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

void print(const train::Totals& totals, const EvalArguments& arguments) {
  std::cout << std::fixed;
  if (arguments.json) {
    std::cout << "{\"n\": " << totals.images << ", \"hits1\": " << totals.hits1
              << ", \"hits5\": " << totals.hits5 << ", \"top1\": " << std::setprecision(4)
              << totals.top1_percent() << ", \"top5\": " << totals.top5_percent()
              << ", \"loss\": " << std::setprecision(10) << totals.loss() << "}\n";
    return;
  }
  std::cout << arguments.request.checkpoint << ": top-1 " << std::setprecision(2)
            << totals.top1_percent() << " % (" << totals.hits1 << " of " << totals.images
            << "), top-5 " << totals.top5_percent() << " % (" << totals.hits5 << "), loss "
            << std::setprecision(4) << totals.loss() << '\n';
}

}  // namespace

config::Command eval_command() {
  const auto arguments = std::make_shared<EvalArguments>();
  config::Command command{
      "eval", "evaluate a checkpoint, ours or torchvision's, on the validation images", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("evaluation");
  keys.add("checkpoint", &arguments->request.checkpoint, "Checkpoint file.",
           {config::required(), config::unrecorded()});
  keys.add("data", &arguments->request.data_folder, "Packed data set.",
           {config::required(), config::unrecorded()});
  keys.add("weights", &arguments->request.weights,
           "The weights as they were trained, or their average (ema_decay).",
           {config::one_of({"model", "ema"}), config::unrecorded()});
  keys.add("json", &arguments->json, "Print one JSON object.",
           {config::flag(), config::unrecorded()});
  train::declare_options(keys, arguments->request.options);
  command.run = [arguments](const config::Declarations& given) {
    return run_on_ranks(OnSignal::kLeave, [&](const RankContext& rank) {
      train::EvalRequest request = arguments->request;
      request.options = resolve_options(given, *arguments, rank.files);
      const train::Totals totals =
          train::evaluate_checkpoint(request, {rank.control, rank.mpi, rank.files, rank.stop});
      if (rank.control.world().rank == 0) print(totals, *arguments);
      return kExitDone;
    });
  };
  return command;
}

}  // namespace ringmaster::app
