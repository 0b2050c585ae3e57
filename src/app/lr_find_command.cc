#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/ranks.h"
#include "app/run_keys.h"
#include "base/error.h"
#include "config/render.h"
#include "train/lr_find.h"

namespace ringmaster::app {
namespace {

struct Arguments {
  train::RunRequest request;
  train::LrFindOptions options;
  std::string config_file;
  bool json = false;
};

void declare(config::Declarations& keys, Arguments& arguments) {
  using namespace config;
  train::LrFindOptions& options = arguments.options;
  keys.group("range test");
  keys.add("start_lr", &options.start_lr, "First learning rate.", {above(0), unrecorded()});
  keys.add("end_lr", &options.end_lr, "Last learning rate.", {above(0), unrecorded()});
  keys.add("num_iter", &options.num_iter, "Steps between them.", {at_least(2), unrecorded()});
  keys.add("linear", &options.linear, "By equal differences instead of equal factors.",
           {flag(), unrecorded()});
  keys.add("smoothing", &options.smoothing, "Memory of the loss's average.",
           {in_range(0, 0.9999), unrecorded()});
  keys.add("json", &arguments.json, "Print what lr_suggestion_DATE.json holds.",
           {flag(), unrecorded()});
}

void print(const train::LrFindResult& result) {
  const train::LrSuggestion& found = result.suggestion;
  std::cout << name_of(found.verdict) << ": " << found.explanation << '\n';
  if (found.verdict == train::LrVerdict::kGood) {
    std::cout << "suggested max_lr " << found.suggested_max_lr << " (a tenth of that), steepest at "
              << found.steepest_lr << '\n';
  }
  std::cout << result.json_path << '\n' << result.plot_path << '\n';
}

}  // namespace

config::Command lr_find_command() {
  const auto arguments = std::make_shared<Arguments>();
  config::Command command{"lr-find", "look for a learning rate by a range test", {}, {}};
  declare_run_keys(command.keys, arguments->request, arguments->config_file);
  declare(command.keys, *arguments);
  train::declare_options(command.keys, arguments->request.options);
  command.run = [arguments](const config::Declarations& parsed) {
    arguments->request.config_text = config::config_text(parsed);
    return run_on_ranks(OnSignal::kLeave, [&](const RankContext& rank) {
      const auto result = train::find_lr(arguments->request, arguments->options,
                                         {rank.control, rank.mpi, rank.files, rank.stop});
      if (rank.control.world().rank != 0) return kExitDone;
      if (arguments->json) {
        std::cout << read_text(rank.files, result.json_path);
      } else {
        print(result);
      }
      return kExitDone;
    });
  };
  return command;
}

}  // namespace ringmaster::app
