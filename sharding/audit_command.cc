#include <memory>

#include "base/check.h"
#include "sharding/audit.h"
#include "sharding/commands.h"
#include "sharding/source_options.h"
#include "sharding/work_options.h"

namespace ringmaster::sharding {
namespace {

struct AuditArguments {
  SourceArguments source;
  std::string report, expect = "nothing", check = "decode";
  std::int64_t workers = 0, memory_bytes = 256 << 20;
  bool json = false;
};

int run_audit(const Surroundings& at, const AuditArguments& a) {
  const auto source = open_source(at.files, a.source);
  at.err << a.source.shown() << ": " << source->description() << std::endl;
  StopSignals signals;
  ProgressLine progress = make_progress(at, signals, "audited");
  const auto report =
      audit(*source,
            {.check = a.check == "decode" ? CheckDepth::kDecode : CheckDepth::kHeader,
             .workers = worker_count(a.workers),
             .memory_bytes = static_cast<std::uint64_t>(a.memory_bytes),
             .expect = a.expect == "nothing" ? "" : a.expect},
            progress);
  progress.end();
  if (!report) {
    at.err << "stopped before everything was looked at" << std::endl;
    return stopped_exit_code(signals);
  }
  if (!a.report.empty()) write_atomically(at.files, a.report, to_text(*report));
  if (a.json) {
    at.out << to_text(*report);
  } else {
    at.out << a.source.shown() << ":\n";
    print_report(at.out, *report, a.report.empty() ? "the file that --report names" : a.report);
  }
  return report->failed() ? exit_code(ErrorKind::kBadData) : kExitDone;
}

}  // namespace

config::Command audit_command(const Surroundings& at) {
  using namespace config;  // the traits
  const auto a = std::make_shared<AuditArguments>();
  Command command{
      .name = "audit",
      .summary = "look at every image of a source; exit code 3 where one can't be used"};
  declare_source(command.keys, a->source);
  command.keys.group("audit");
  command.keys.add("expect", &a->expect,
                   "imagenet: 1,281,167 and 50,000 images in 1000 classes, or exit code 3.",
                   {one_of({"nothing", "imagenet"})});
  command.keys.add("check", &a->check, "Decode every image, or look at headers alone.",
                   {one_of({"header", "decode"})});
  command.keys.add("report", &a->report, "Write the whole report to this file, as JSON.");
  command.keys.add("json", &a->json, "Print the report as JSON.", {flag()});
  command.keys.group("machine");
  command.keys.add("workers", &a->workers, "Threads; 0: one a core.", {in_range(0, 1024)});
  command.keys.add("memory_bytes", &a->memory_bytes, "Images held in memory at once.",
                   {at_least(1), unit("bytes"), alias("memory")});
  command.run = [&at, a](const Declarations&) { return run_audit(at, *a); };
  return command;
}

}  // namespace ringmaster::sharding
