#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>

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

struct VerifyArguments {
  std::string path;
  bool json = false;
};

std::vector<std::string> paths_to_verify(FileSystem& files, const std::string& path) {
  if (!files.is_dir(path)) return {path};
  const obs::RunDir folder(path);
  std::vector<std::string> paths;
  for (const auto& entry : ckpt::Store(files, folder.checkpoints()).list())
    paths.push_back(join_path(folder.checkpoints(), entry.name));
  RM_REQUIRE(!paths.empty(), ErrorKind::kIo, folder.checkpoints(),
             " holds no checkpoints: is it a run's folder?");
  return paths;
}

std::optional<Error> problem_of(FileSystem& files, const std::string& path) {
  try {
    (void)ckpt::read_snapshot(files, path);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

nlohmann::json to_json(const ckpt::ListedCheckpoint& entry) {
  nlohmann::json object = {
      {"name", entry.name}, {"bytes", entry.file_bytes}, {"problem", entry.problem}};
  object["progress"] = entry.summary.progress;
  object["numbers"] = entry.summary.numbers;
  object["texts"] = entry.summary.texts;
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
            << ", steps of the next " << value("epoch_step") << ", attempt " << value("attempt")
            << '\n';
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
  const auto arguments = std::make_shared<VerifyArguments>();
  config::Command command{"checkpoint verify", "check every byte of checkpoints", {}, {}};
  command.keys.group("checkpoint");
  command.keys.add("checkpoint", &arguments->path,
                   "Checkpoint file, or a run's folder for all of its checkpoints.",
                   {config::required(), config::positional()});
  command.keys.add("json", &arguments->json, "Print one JSON object a line.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    int code = kExitDone;
    for (const std::string& path : paths_to_verify(*files, arguments->path)) {
      const auto problem = problem_of(*files, path);
      if (problem) code = exit_code(problem->kind());
      if (arguments->json) {
        std::cout << nlohmann::json({{"path", path},
                                     {"sound", !problem.has_value()},
                                     {"problem", problem ? problem->what() : ""}})
                         .dump()
                  << '\n';
      } else {
        std::cout << (problem ? problem->what() : path + ": sound") << '\n';
      }
    }
    return code;
  };
  return command;
}

}  // namespace ringmaster::app
