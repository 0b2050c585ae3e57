// ringmaster-shard: packs a data set once, and looks after it.
#include <iostream>

#include <unistd.h>

#include "base/version.h"
#include "sharding/commands.h"

int main(int argc, char** argv) {
  namespace sharding = ringmaster::sharding;
  const auto files = ringmaster::posix_file_system();
  const sharding::Surroundings at{*files, std::cout, std::cerr, ::isatty(STDERR_FILENO) == 1};
  ringmaster::config::Program program{
      .name = sharding::kProgram,
      .summary = "packs images into shards, once, and looks after them",
      .version = ringmaster::version(),
      .commands = {sharding::pack_command(at), sharding::audit_command(at),
                   sharding::merge_command(at), sharding::verify_command(at),
                   sharding::list_command(at), sharding::organise_val_command(at),
                   sharding::convert_command(at), sharding::stats_command(at)}};
  return ringmaster::config::run_program(program, argc, argv);
}
