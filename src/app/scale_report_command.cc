#include <iostream>
#include <memory>

#include "app/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "scaling/report.h"

namespace ringmaster::app {
namespace {

struct Arguments {
  std::string folder;
  scaling::ReportOptions options;
  bool draw = true;
  bool json = false;
};

void declare(config::Declarations& keys, Arguments& arguments) {
  scaling::ReportOptions& options = arguments.options;
  keys.group("report");
  keys.add("folder", &arguments.folder, "Folder of a series (launch/scaling_local.sh).",
           {config::required(), config::positional()});
  keys.add("draw", &arguments.draw, "Draw scaling.png and forecast.png into that folder.");
  keys.add("json", &arguments.json, "Print a JSON object.", {config::flag()});
  keys.group("forecast");
  keys.add("link_gbps", &options.link_gbps, "Network of a host; 0: as measured.",
           {config::at_least(0), config::unit("10^9 bits a second, each way")});
  keys.add("alpha_us", &options.alpha_us, "Latency of a message between hosts; 0: as measured.",
           {config::at_least(0), config::unit("microseconds")});
  keys.add("memory_gbs", &options.memory_gbs,
           "What a rank moves within its host (shared memory, NVLink); 0: as measured, or nothing.",
           {config::at_least(0), config::unit("10^9 bytes a second")});
  keys.add("ranks_per_host", &options.ranks_per_host, "GPUs of a host.", {config::at_least(1)});
  keys.add("sizes", &options.sizes, "Numbers of GPUs.", {config::at_least(1)});
}

}  // namespace

config::Command scale_report_command() {
  const auto arguments = std::make_shared<Arguments>();
  config::Command command{
      "scale-report", "how runs of 1, 2, 4 … ranks scale, measured and by the model", {}, {}};
  declare(command.keys, *arguments);
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const scaling::Report report =
        scaling::make_report(scaling::read_series(*files, arguments->folder), arguments->options);
    std::cout << (arguments->json ? to_json(report) : to_text(report));
    if (arguments->draw) draw(*files, arguments->folder, report);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app
