#include "config/command_line.h"

#include <algorithm>
#include <iostream>

#include "base/check.h"
#include "config/nearest.h"
#include "config/parse.h"
#include "config/render.h"

namespace ringmaster::config {
namespace {

bool is_help(const std::string& argument) {
  return argument == "--help" || argument == "-h";
}

std::string program_help(const Program& program) {
  std::size_t width = 0;
  for (const Command& command : program.commands) width = std::max(width, command.name.size());
  std::string text = join_text(program.name, ": ", program.summary, "\n\nusage: ", program.name,
                               " COMMAND [--KEY VALUE ...]\n\ncommands:\n");
  for (const Command& command : program.commands) {
    text += "  " + command.name + std::string(width + 2 - command.name.size(), ' ') +
            command.summary + "\n";
  }
  return text + join_text("\n", program.name, " COMMAND --help lists the command's keys; ",
                          program.name, " --version prints ", program.version, ".\n");
}

std::string command_help(const Program& program, const Command& command) {
  std::string usage = join_text("usage: ", program.name, " ", command.name);
  bool optional = false;
  for (const Key& key : command.keys.keys()) {
    std::string upper = key.name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    optional = optional || !key.required;
    if (key.required) usage += (key.positional ? " " : " --" + key.name + " ") + upper;
  }
  return join_text(program.name, " ", command.name, ": ", command.summary, "\n\n", usage,
                   optional ? " [--KEY VALUE ...]" : "", "\n\n", help_text(command.keys));
}

std::size_t word_count(const std::string& name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), ' ')) + 1;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Command* find_command(Program& program, const std::vector<std::string>& arguments) {
  const auto found =
      std::find_if(program.commands.begin(), program.commands.end(), [&](const Command& command) {
        const std::size_t count = word_count(command.name);
        return count <= arguments.size() &&
               joined({arguments.begin(),
                       arguments.begin() + static_cast<std::ptrdiff_t>(count)}) == command.name;
      });
  return found == program.commands.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_command(const Program& program,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Command& command : program.commands) names.push_back(command.name);
  RM_CHECK(!names.empty(), program.name, " has no command");
  RM_REQUIRE(!arguments.empty(), ErrorKind::kInvalidArgument, "a command is missing; ",
             program.name, " --help lists them");
  // The words before the first key; two of them may be a two-word command, misspelt.
  std::vector<std::string> words;
  for (const std::string& argument : arguments) {
    if (argument.starts_with('-') || words.size() == 2) break;
    words.push_back(argument);
  }
  const std::string asked = words.empty() ? arguments.front() : joined(words);
  const std::string one = nearest(arguments.front(), names), two = nearest(asked, names);
  const std::string best =
      edit_distance(asked, two) < edit_distance(arguments.front(), one) ? two : one;
  const bool two_words = best == two && best.find(' ') != std::string::npos;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("unknown command '", two_words ? asked : arguments.front(),
                        "'; did you mean '", best, "'? (", program.name, " --help lists all)"));
}

}  // namespace

Invocation parse_command(Program& program, const std::vector<std::string>& arguments,
                         FileSystem& files) {
  if (!arguments.empty() && is_help(arguments.front())) return {nullptr, program_help(program)};
  if (!arguments.empty() && arguments.front() == "--version")
    return {nullptr, program.name + " " + program.version + "\n"};

  Command* command = find_command(program, arguments);
  if (command == nullptr) refuse_command(program, arguments);
  const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(word_count(command->name));
  const std::vector<std::string> rest(first, arguments.end());
  if (std::any_of(rest.begin(), rest.end(), is_help))
    return {nullptr, command_help(program, *command)};
  parse(command->keys, rest, files);
  return {command, ""};
}

Failure describe_failure(const Program& program, const std::exception& problem) {
  const auto* error = dynamic_cast<const Error*>(&problem);
  const ErrorKind kind = error != nullptr ? error->kind() : ErrorKind::kInternal;
  return {exit_code(kind), join_text(program.name, ": ", name_of(kind), ": ", problem.what())};
}

int run_program(Program& program, int argc, const char* const* argv) {
  try {
    const auto files = posix_file_system();
    const Invocation invocation = parse_command(
        program, std::vector<std::string>(argv + std::min(argc, 1), argv + argc), *files);
    if (invocation.command != nullptr) return invocation.command->run(invocation.command->keys);
    std::cout << invocation.text << std::flush;
    return kExitDone;
  } catch (const std::exception& problem) {
    const Failure failure = describe_failure(program, problem);
    std::cerr << failure.line << std::endl;
    return failure.exit_code;
  }
}

}  // namespace ringmaster::config
