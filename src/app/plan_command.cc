#include <iostream>
#include <memory>

#include "app/commands.h"
#include "base/check.h"
#include "base/file.h"
#include "config/nearest.h"
#include "plan/report.h"
#include "shard/manifest.h"

namespace ringmaster::app {
namespace {

struct PlanArguments {
  plan::PlanRequest request;
  std::string config_file, data_folder, data_set = "imagenet", table_file;
  bool json = false;
};

template <typename Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.first);
  return names;
}

template <typename Value>
const Value& find(const std::map<std::string, Value>& entries, const std::string& name,
                  const char* key) {
  const auto found = entries.find(name);
  RM_REQUIRE(found != entries.end(), ErrorKind::kInvalidArgument, key, " = ", name,
             " is not in the table; did you mean '", config::nearest(name, names_of(entries)),
             "'?");
  return found->second;
}

plan::Table read_table(FileSystem& files, const PlanArguments& arguments) {
  if (arguments.table_file.empty())
    return plan::parse_table(plan::builtin_table(), "the built-in table");
  return plan::parse_table(read_text(files, arguments.table_file), arguments.table_file);
}

// From the packed data set where there is one, from the table otherwise.
plan::DataSize data_size(FileSystem& files, const PlanArguments& arguments,
                         const plan::Table& table) {
  plan::DataSize size;
  if (arguments.data_folder.empty()) {
    const plan::DataFacts& facts = find(table.data_sets, arguments.data_set, "data_set");
    size.title = facts.title;
    size.classes = facts.classes;
    size.train_images = static_cast<std::int64_t>(facts.train_images.value);
    size.val_images = static_cast<std::int64_t>(facts.val_images.value);
    size.train_bytes = facts.train_bytes.value;
    size.val_bytes = facts.val_bytes.value;
    return size;
  }
  const shard::Manifest manifest = shard::read_manifest(files, arguments.data_folder);
  size.title = arguments.data_folder;
  size.classes = static_cast<std::int64_t>(manifest.classes.size());
  size.train_images = static_cast<std::int64_t>(manifest.split("train").records());
  size.val_images = static_cast<std::int64_t>(manifest.split("val").records());
  for (const auto& entry : manifest.split("train").shards) {
    size.train_bytes += static_cast<double>(entry.summary.file_bytes);
    size.shard_sizes.push_back(static_cast<std::int64_t>(entry.summary.records));
  }
  for (const auto& entry : manifest.split("val").shards)
    size.val_bytes += static_cast<double>(entry.summary.file_bytes);
  return size;
}

int run(const PlanArguments& arguments) {
  const auto files = posix_file_system();
  const plan::Table table = read_table(*files, arguments);
  plan::PlanRequest request = arguments.request;
  if (request.machines.empty()) request.machines = names_of(table.machines);
  for (const std::string& name : request.machines) (void)find(table.machines, name, "machine");
  const plan::Plan plan = plan::make_plan(request, table, data_size(*files, arguments, table));
  std::cout << (arguments.json ? plan::to_json(plan, request.options)
                               : plan::to_text(plan, request.options));
  return kExitDone;
}

}  // namespace

config::Command plan_command() {
  using namespace config;
  const auto arguments = std::make_shared<PlanArguments>();
  arguments->request.nodes = {1};
  Command command{"plan", "estimate steps, memory, time and cost of a recipe", {}, {}};
  Declarations& keys = command.keys;
  keys.group("plan");
  keys.add("config", &arguments->config_file, "Recipe: a file of key = value lines.",
           {config_file()});
  keys.add("machine", &arguments->request.machines,
           "For which machines of the table: p4d, g5, p3, cpu; empty: all.", {unrecorded()});
  keys.add("nodes", &arguments->request.nodes, "For how many of them, as in 1,2,4.",
           {in_range(1, 100'000), unrecorded()});
  keys.add("data", &arguments->data_folder,
           "Packed data set, for its counts and bytes; empty: data_set's.", {unrecorded()});
  keys.add("data_set", &arguments->data_set, "Of the table: imagenet, fashion-mnist.",
           {unrecorded()});
  keys.add("table", &arguments->table_file,
           "Prices, speeds and links in the form of configs/machines.json; empty: that.",
           {unrecorded()});
  keys.add("json", &arguments->json, "Print one JSON object.", {flag(), unrecorded()});
  train::declare_options(keys, arguments->request.options);
  command.run = [arguments](const Declarations&) { return run(*arguments); };
  return command;
}

}  // namespace ringmaster::app
