#include <iostream>
#include <memory>

#include <unistd.h>

#include "app/commands.h"
#include "app/exit_record.h"
#include "app/ranks.h"
#include "base/error.h"
#include "base/seconds.h"
#include "comm/thread_control.h"
#include "fleet/preflight.h"
#include "fleet/watchdog.h"

namespace ringmaster::app {
namespace {

struct Arguments {
  fleet::PreflightOptions options;
  double deadline_s = 60;
  std::string drain_file;
  bool json = false;
};

// Between ranks everything ends a little earlier, with the name of the rank that is missing.
Deadline deadline_of(const Arguments& arguments) {
  constexpr double kShare = 0.9;
  return deadline_in(kShare * arguments.deadline_s);
}

[[noreturn]] void give_up(double seconds) {
  std::cerr << "ringmaster: timeout (rank " << launched_rank() << " on " << comm::this_host()
            << "): the preflight has not ended after " << seconds
            << " s: the launcher, MPI's start or a file system does not answer on some host"
            << std::endl;
  ::_exit(record_exit_code(kExitRequeue));
}

int run(const Arguments& arguments, const RankContext& rank, Deadline deadline) {
  fleet::PreflightOptions options = arguments.options;
  options.look.gpus = options.requirements.device != "cpu";
  const fleet::Findings findings =
      fleet::preflight(options, rank.control, rank.mpi, rank.files, deadline);
  if (rank.control.world().rank == 0) {
    std::cout << (arguments.json ? to_json(findings) : to_text(findings)) << std::flush;
    std::string drained;
    for (const std::string& host : findings.to_drain()) drained += host + "\n";
    if (!arguments.drain_file.empty()) write_atomically(rank.files, arguments.drain_file, drained);
  }
  rank.control.barrier(deadline);  // a launcher may end the others when the first one leaves
  return findings.exit_code();
}

void declare(config::Declarations& keys, Arguments& arguments) {
  fleet::Requirements& wants = arguments.options.requirements;
  keys.group("preflight");
  keys.add("data", &arguments.options.look.data_folder, "Packed data set; empty: none to check.");
  keys.add("run", &arguments.options.look.run_folder, "Folder of the run; empty: none to check.");
  keys.add("device", &wants.device, "As for train.", {config::one_of({"cpu", "cuda", "auto"})});
  keys.add("instance_type", &arguments.options.look.instance,
           "EC2's instance type; empty: as the firmware says.");
  keys.add(
      "instances", &arguments.options.instances,
      "What instance types should have (launch/instances.json); empty: hosts are only compared.");
  keys.add("memlock_gib", &wants.memlock_gib,
           "Locked memory that a rank needs; -1: 16 where there are EFA cards, else 0.",
           {config::at_least(-1)});
  keys.add("shared_memory_mib", &wants.shared_memory_mib, "Free in /dev/shm, for each rank.",
           {config::at_least(0)});
  keys.add("run_free_gib", &wants.run_free_gib, "Free for the run's folder.",
           {config::at_least(0)});
  keys.add("clock_s", &wants.clock_s, "How far a host's clock may be off.",
           {config::above(0), config::unit("seconds")});
  keys.add("speed_share", &wants.speed_share,
           "A host is slow below this share of the other hosts' or the instance type's speed.",
           {config::in_range(0, 1)});
  keys.add("deadline_s", &arguments.deadline_s, "When it ends, whatever hangs.",
           {config::above(0), config::unit("seconds")});
  keys.add("drain_file", &arguments.drain_file,
           "Writes the hosts to start again without to this file, one a line.");
  keys.add("json", &arguments.json, "Print a JSON object.", {config::flag()});
}

}  // namespace

config::Command preflight_command() {
  const auto arguments = std::make_shared<Arguments>();
  config::Command command{
      "preflight", "look at every host of a job before its first batch", {}, {}};
  declare(command.keys, *arguments);
  command.run = [arguments](const config::Declarations&) {
    const fleet::Watchdog watchdog(std::chrono::duration<double>(arguments->deadline_s),
                                   [arguments] { give_up(arguments->deadline_s); });
    const Deadline deadline = deadline_of(*arguments);
    return run_on_ranks(OnSignal::kLeave,
                        [&](const RankContext& rank) { return run(*arguments, rank, deadline); });
  };
  return command;
}

}  // namespace ringmaster::app
