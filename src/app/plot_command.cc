#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/check.h"
#include "base/error.h"
#include "base/file.h"
#include "obs/drawing.h"
#include "obs/history.h"
#include "obs/plot_script.h"
#include "obs/run_dir.h"

namespace ringmaster::app {
namespace {

struct Arguments {
  std::string run_folder, output;
  bool json = false;
};

int run(const Arguments& arguments) {
  const auto files = posix_file_system();
  const obs::RunDir run(arguments.run_folder);
  RM_REQUIRE(files->exists(run.log()), ErrorKind::kIo, run.log(),
             " is not there: name the folder of a run");
  const obs::History history = obs::read_history(*files, run.log());
  RM_REQUIRE(!history.epochs.empty(), ErrorKind::kBadData, run.log(),
             " has no finished epoch, and plots are over epochs");
  const std::string folder = arguments.output.empty() ? run.plots() : arguments.output;
  files->make_dirs(folder);
  obs::draw_now(*files, folder, "plots", obs::plot_script(history));
  nlohmann::json drawn = nlohmann::json::array();
  for (const char* name : {"loss", "accuracy", "lr"})
    drawn.push_back(join_path(folder, std::string(name) + ".png"));
  if (arguments.json) {
    std::cout << nlohmann::json{{"epochs", history.epochs.size()}, {"plots", drawn}}.dump() << '\n';
    return kExitDone;
  }
  std::cout << history.epochs.size() << " epochs:";
  for (const std::string path : drawn) std::cout << ' ' << path;
  std::cout << std::endl;
  return kExitDone;
}

}  // namespace

config::Command plot_command() {
  const auto arguments = std::make_shared<Arguments>();
  config::Command command{
      "plot", "draw the plots of a run again, from its log (needs gnuplot)", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("plot");
  keys.add("run", &arguments->run_folder, "Folder of the run.",
           {config::required(), config::positional()});
  keys.add("output", &arguments->output, "Folder for the plots; empty: plots in the run's.");
  keys.add("json", &arguments->json, "Print a JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) { return run(*arguments); };
  return command;
}

}  // namespace ringmaster::app
