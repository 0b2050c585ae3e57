#include <memory>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "sharding/commands.h"
#include "sharding/verify.h"
#include "sharding/work_options.h"

namespace ringmaster::sharding {
namespace {

using Json = nlohmann::ordered_json;

struct VerifyArguments {
  std::string folder;
  std::int64_t workers = 0;
  bool json = false;
};

void print_report(std::ostream& out, const VerifyReport& report, const VerifyArguments& arguments) {
  if (arguments.json) {
    const Json object = {{"shards", report.shards},
                         {"records", report.records},
                         {"bytes", report.bytes},
                         {"faults", report.faults}};
    out << object.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
    return;
  }
  out << arguments.folder << ": " << report.shards
      << (report.shards == 1 ? " shard, " : " shards, ") << with_commas(report.records)
      << " images, " << with_commas(report.bytes) << " bytes: ";
  if (report.faults.empty()) {
    out << "all sound\n";
  } else {
    out << report.faults.size() << (report.faults.size() == 1 ? " fault" : " faults")
        << ", named above\n";
  }
}

int run_verify(const Surroundings& at, const VerifyArguments& arguments) {
  StopSignals signals;
  ProgressLine progress = make_progress(at, signals, "verified");
  const VerifyReport report =
      verify(at.files, arguments.folder, worker_count(arguments.workers), progress);
  progress.end();
  if (report.stopped) {
    at.err << "stopped before everything was looked at" << std::endl;
    return stopped_exit_code(signals);
  }
  print_report(at.out, report, arguments);
  return report.faults.empty() ? kExitDone : exit_code(ErrorKind::kBadData);
}

}  // namespace

config::Command verify_command(const Surroundings& at) {
  const auto arguments = std::make_shared<VerifyArguments>();
  config::Command command{.name = "verify",
                          .summary = "read every byte of a data set; exit code 3 names faults"};
  command.keys.add("folder", &arguments->folder, "The data set.",
                   {config::required(), config::positional()});
  command.keys.add("workers", &arguments->workers, "Threads; 0: one a core.",
                   {config::in_range(0, 1024)});
  command.keys.add("json", &arguments->json, "Print the report as JSON.", {config::flag()});
  command.run = [&at, arguments](const config::Declarations&) {
    return run_verify(at, *arguments);
  };
  return command;
}

}  // namespace ringmaster::sharding
