#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/check.h"
#include "base/error.h"
#include "base/file.h"
#include "ckpt/compare.h"
#include "config/config_text.h"
#include "config/value.h"

namespace ringmaster::app {
namespace {

struct DiffArguments {
  std::string first, second;
  bool json = false;
};

struct CheckpointDiff {
  std::vector<config::Difference> progress, config;
  std::vector<ckpt::TensorDifference> tensors;
  [[nodiscard]] bool empty() const { return progress.empty() && config.empty() && tensors.empty(); }
};

// All that is no tensor and no text, but for the time that the epoch took, which no two runs share.
std::vector<config::Assignment> progress_of(const ckpt::Snapshot& snapshot) {
  std::vector<config::Assignment> values;
  const auto real = [&](const std::string& name, double value) {
    values.push_back({name, config::format_real(value), ""});
  };
  for (const auto& [name, value] : snapshot.progress)
    values.push_back({name, std::to_string(value), ""});
  for (const auto& [name, value] : snapshot.numbers) {
    if (name != "epoch_train_seconds") real(name, value);
  }
  const auto& groups = snapshot.optimizer.groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string group = join_text("optimizer.", i, ".");
    real(group + "lr", groups[i].lr);
    real(group + "momentum", groups[i].momentum);
    real(group + "weight_decay", groups[i].weight_decay);
  }
  if (snapshot.scaler) {
    real("scaler.scale", snapshot.scaler->scale);
    real("scaler.growth_tracker", static_cast<double>(snapshot.scaler->growth_tracker));
  }
  return values;
}

std::vector<config::Assignment> config_of(const ckpt::Snapshot& snapshot, const std::string& path) {
  std::vector<config::Assignment> values;
  for (const auto& [name, text] : snapshot.texts) {
    if (name != "config") values.push_back({name, text, ""});
  }
  const auto recorded = snapshot.texts.find("config");
  if (recorded == snapshot.texts.end()) return values;
  for (auto& assignment : config::parse_config_text(recorded->second, path))
    values.push_back(std::move(assignment));
  return values;
}

CheckpointDiff compare(FileSystem& files, const DiffArguments& arguments) {
  const ckpt::Snapshot first = ckpt::read_snapshot(files, arguments.first);
  const ckpt::Snapshot second = ckpt::read_snapshot(files, arguments.second);
  return {
      config::diff(progress_of(first), progress_of(second)),
      config::diff(config_of(first, arguments.first), config_of(second, arguments.second)),
      ckpt::compare_tensors(first, second),
  };
}

nlohmann::json to_json(const std::vector<config::Difference>& differences) {
  nlohmann::json object = nlohmann::json::object();
  for (const config::Difference& one : differences)
    object[one.key] = {one.before.value_or(""), one.after.value_or("")};
  return object;
}

void print_json(const CheckpointDiff& diff) {
  nlohmann::json object = {{"equal", diff.empty()},
                           {"progress", to_json(diff.progress)},
                           {"config", to_json(diff.config)},
                           {"tensors", nlohmann::json::array()}};
  for (const ckpt::TensorDifference& one : diff.tensors)
    object["tensors"].push_back({{"name", one.name},
                                 {"what", one.what},
                                 {"differing", one.differing_elems},
                                 {"max_difference", one.max_difference}});
  std::cout << object.dump() << '\n';
}

void print_text(const CheckpointDiff& diff) {
  if (diff.empty()) std::cout << "equal\n";
  for (const auto* part : {&diff.progress, &diff.config}) {
    if (!part->empty()) std::cout << config::diff_text(*part) << '\n';
  }
  for (const ckpt::TensorDifference& one : diff.tensors) {
    std::cout << one.name << ": ";
    if (!one.what.empty()) {
      std::cout << one.what << '\n';
    } else {
      std::cout << one.differing_elems << " elements differ, by up to " << one.max_difference
                << '\n';
    }
  }
}

}  // namespace

config::Command checkpoint_diff_command() {
  const auto arguments = std::make_shared<DiffArguments>();
  config::Command command{"checkpoint diff", "say what differs between two checkpoints", {}, {}};
  command.keys.group("checkpoints");
  command.keys.add("first", &arguments->first, "Checkpoint file.",
                   {config::required(), config::positional()});
  command.keys.add("second", &arguments->second, "Checkpoint file.",
                   {config::required(), config::positional()});
  command.keys.add("json", &arguments->json, "Print one JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const CheckpointDiff diff = compare(*files, *arguments);
    arguments->json ? print_json(diff) : print_text(diff);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app
