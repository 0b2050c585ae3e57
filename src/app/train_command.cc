#include <memory>

#include "app/commands.h"
#include "app/ranks.h"
#include "app/run_keys.h"
#include "base/error.h"
#include "config/render.h"
#include "train/run.h"

namespace ringmaster::app {

config::Command train_command() {
  const auto request = std::make_shared<train::RunRequest>();
  const auto config_file = std::make_shared<std::string>();
  config::Command command{"train", "train a network, or go on with a run", {}, {}};
  config::Declarations& keys = command.keys;
  declare_run_keys(keys, *request, *config_file);
  keys.add("resume", &request->resume,
           "auto: go on from the newest good checkpoint, if there is one; none: insist on a new "
           "run; or a checkpoint's path.",
           {config::unrecorded()});
  keys.add("allow_change", &request->allow_change,
           "Keys that may have another value than the run before, and data for another data set: "
           "max_lr,data.",
           {config::unrecorded()});
  train::declare_options(keys, request->options);
  command.run = [request, config_file](const config::Declarations& parsed) {
    request->config_text = config::config_text(parsed);
    return run_on_ranks(
        OnSignal::kAsk,
        [&](const RankContext& rank) {
          return train::run_training(*request, {rank.control, rank.mpi, rank.files, rank.stop});
        },
        request->options.step_deadline_s);
  };
  return command;
}

}  // namespace ringmaster::app
