// The subcommands of ringmaster-shard. Each declares its keys, and its run() does the work and
// gives the exit code of DESIGN.md §4; errors are thrown.
#pragma once

#include <ostream>

#include "base/file.h"
#include "config/command_line.h"

namespace ringmaster::sharding {

inline constexpr const char* kProgram = "ringmaster-shard";

// What a command may touch. Outlives the commands.
struct Surroundings {
  FileSystem& files;
  std::ostream& out;      // results
  std::ostream& err;      // progress
  bool terminal = false;  // `err` is one
};

[[nodiscard]] config::Command pack_command(const Surroundings& at);
[[nodiscard]] config::Command audit_command(const Surroundings& at);
[[nodiscard]] config::Command merge_command(const Surroundings& at);
[[nodiscard]] config::Command verify_command(const Surroundings& at);
[[nodiscard]] config::Command organise_val_command(const Surroundings& at);
[[nodiscard]] config::Command convert_command(const Surroundings& at);
[[nodiscard]] config::Command list_command(const Surroundings& at);
[[nodiscard]] config::Command stats_command(const Surroundings& at);

}  // namespace ringmaster::sharding
