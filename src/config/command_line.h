// Programs with sub-commands: which one is meant, its help, its errors. The pieces stand alone,
// because an MPI program catches errors its own way (it must end the other ranks too).
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "config/declarations.h"

namespace ringmaster::config {

struct Command {
  std::string name;     // one word or two: "train", "bench allreduce"
  std::string summary;  // one line, no full stop
  Declarations keys;
  // Called with `keys` after they were parsed; returns the exit code. Owns (by capture) what the
  // keys' targets point to.
  std::function<int(const Declarations& keys)> run;
};

struct Program {
  std::string name;     // as it is typed: "ringmaster"
  std::string summary;  // one line
  std::string version;
  std::vector<Command> commands;
};

// What a command line asks for: a command with its keys parsed, or text to print and be done.
struct Invocation {
  const Command* command = nullptr;  // into the program; null: print `text`, exit 0
  std::string text;                  // help or version
};

// `arguments` without the program's name. Understands `PROGRAM --help`, `PROGRAM --version`,
// `PROGRAM COMMAND --help` (`-h` too); help wins over errors in the other arguments.
// Error{kInvalidArgument} for no or an unknown command (names the nearest) and for what parse()
// refuses.
[[nodiscard]] Invocation parse_command(Program& program, const std::vector<std::string>& arguments,
                                       FileSystem& files);

// How a program ends after an exception.
struct Failure {
  int exit_code;
  std::string line;  // "PROGRAM: KIND: MESSAGE", for standard error
};
// Error -> its kind's exit code; any other exception is a bug of ours: 1.
[[nodiscard]] Failure describe_failure(const Program& program, const std::exception& problem);

// All of it: parse, run, catch once, print one line. For main() of a program without MPI.
[[nodiscard]] int run_program(Program& program, int argc, const char* const* argv);

}  // namespace ringmaster::config
