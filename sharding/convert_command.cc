#include <memory>

#include "base/check.h"
#include "sharding/commands.h"
#include "sharding/convert.h"
#include "sharding/print_data_set.h"
#include "sharding/work_options.h"

namespace ringmaster::sharding {
namespace {

struct ConvertArguments {
  std::string folder, output, format;
  std::int64_t workers = 0;
};

int run_convert(const Surroundings& at, const ConvertArguments& a) {
  StopSignals signals;
  ProgressLine progress = make_progress(at, signals, "converted");
  const shard::Manifest manifest =
      convert(at.files,
              {.input = a.folder,
               .output = a.output,
               .container = shard::parse_container(a.format, "--format"),
               .workers = worker_count(a.workers)},
              progress);
  progress.end();
  if (manifest.splits.empty()) {
    at.err << "stopped. Remove " << a.output << " before you start again" << std::endl;
    return stopped_exit_code(signals);
  }
  at.out << "converted " << a.folder << " into " << a.output << ":\n";
  print_data_set(at.out, manifest);
  return kExitDone;
}

}  // namespace

config::Command convert_command(const Surroundings& at) {
  using namespace config;  // the traits
  const auto arguments = std::make_shared<ConvertArguments>();
  Command command{.name = "convert", .summary = "write a data set again, in another container"};
  command.keys.add("folder", &arguments->folder, "The data set.", {required(), positional()});
  command.keys.add("output", &arguments->output, "Folder of the new one.", {required()});
  command.keys.add("format", &arguments->format, "Container of its shards.",
                   {required(), one_of({"record", "hdf5"})});
  command.keys.add("workers", &arguments->workers, "Shards written at once; 0: one a core.",
                   {in_range(0, 1024)});
  command.run = [&at, arguments](const Declarations&) { return run_convert(at, *arguments); };
  return command;
}

}  // namespace ringmaster::sharding
