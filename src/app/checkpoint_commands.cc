#include <iomanip>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/check.h"
#include "base/file.h"
#include "ckpt/store.h"
#include "obs/run_dir.h"

namespace ringmaster::app {
namespace {

struct ListArguments {
  std::string run_folder;
  bool json = false;
};

nlohmann::json to_json(const ckpt::ListedCheckpoint& entry) {
  nlohmann::json object = {
      {"name", entry.name}, {"bytes", entry.file_bytes}, {"problem", entry.problem}};
  object["progress"] = entry.summary.progress;
  object["numbers"] = entry.summary.numbers;
  return object;
}

void print_row(const ckpt::ListedCheckpoint& entry) {
  std::cout << std::left << std::setw(18) << entry.name << std::right << std::setw(14)
            << entry.file_bytes << " bytes  ";
  if (!entry.problem.empty()) {
    std::cout << "can't be read: " << entry.problem << '\n';
    return;
  }
  const auto value = [&](const char* key) {
    const auto found = entry.summary.progress.find(key);
    return found == entry.summary.progress.end() ? std::string("?") : std::to_string(found->second);
  };
  std::cout << "step " << value("step") << ", epochs done " << value("epoch")
            << ", steps of the next " << value("epoch_step") << '\n';
}

}  // namespace

config::Command checkpoint_list_command() {
  const auto arguments = std::make_shared<ListArguments>();
  config::Command command{"checkpoint list", "list the checkpoints of a run", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("checkpoints");
  keys.add("run", &arguments->run_folder, "Folder of the run.",
           {config::required(), config::positional()});
  keys.add("json", &arguments->json, "Print one JSON object a line.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const obs::RunDir folder(arguments->run_folder);
    const auto entries = ckpt::Store(*files, folder.checkpoints()).list();
    RM_REQUIRE(!entries.empty(), ErrorKind::kIo, folder.checkpoints(),
               " holds no checkpoints: is it a run's folder?");
    for (const auto& entry : entries) {
      if (arguments->json) {
        std::cout << to_json(entry).dump() << '\n';
      } else {
        print_row(entry);
      }
    }
    return kExitDone;
  };
  return command;
}

config::Command checkpoint_verify_command() {
  const auto path = std::make_shared<std::string>();
  config::Command command{"checkpoint verify", "check every byte of a checkpoint", {}, {}};
  command.keys.group("checkpoint");
  command.keys.add("checkpoint", path.get(), "Checkpoint file.",
                   {config::required(), config::positional()});
  command.run = [path](const config::Declarations&) {
    const auto files = posix_file_system();
    const ckpt::Snapshot snapshot = ckpt::read_snapshot(*files, *path);
    std::cout << *path << ": sound, " << snapshot.model.size() << " tensors\n";
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app
