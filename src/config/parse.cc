#include "config/parse.h"

#include <algorithm>
#include <map>

#include <boost/program_options.hpp>

#include "base/check.h"

namespace ringmaster::config {
namespace {

namespace po = boost::program_options;

// "--max-lr=1e-3" -> "--max_lr=1e-3". Values, and what follows a lone "--", stay as they are.
std::vector<std::string> with_underscores(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto end = std::min(argument.find('='), argument.size());
    std::replace(argument.begin() + 2, argument.begin() + static_cast<std::ptrdiff_t>(end), '-',
                 '_');
  }
  return arguments;
}

po::options_description describe(const Declarations& keys) {
  po::options_description description;
  for (const Key& key : keys.keys()) {
    // Values are parsed by the key itself; Boost only tells names from values.
    description.add_options()(key.name.c_str(), new po::untyped_value(key.flag));
    for (const std::string& name : key.aliases)
      description.add_options()(name.c_str(), new po::untyped_value(key.flag));
  }
  return description;
}

// Boost says an option's name with or without its dashes and its value, depending on the error.
std::string bare(std::string name) {
  name.erase(0, name.find_first_not_of('-'));
  return name.substr(0, name.find('='));
}

[[noreturn]] void refuse_missing_value(const Key& key) {
  throw Error(ErrorKind::kInvalidArgument,
              join_text(kCommandLine, ": --", key.name, " needs a value: ", allowed_values(key)));
}

std::vector<po::option> tokenize(Declarations& keys, const std::vector<std::string>& arguments) {
  using Style = po::command_line_style::style_t;
  // No guessing: a prefix of a key is not the key, or a new key would change old command lines.
  const int style = Style::allow_long | Style::long_allow_adjacent | Style::long_allow_next;
  const po::options_description description = describe(keys);
  try {
    return po::command_line_parser(with_underscores(arguments))
        .options(description)
        .style(style)
        .run()
        .options;
  } catch (const po::unknown_option& problem) {
    (void)keys.at(bare(problem.get_option_name()), kCommandLine);
    throw;  // unreachable: Boost did not know it, so at() throws
  } catch (const po::invalid_command_line_syntax& problem) {
    const Key& key = keys.at(bare(problem.get_option_name()), kCommandLine);
    RM_REQUIRE(!key.flag, ErrorKind::kInvalidArgument, kCommandLine, ": --", key.name,
               " is a flag and takes no value");
    refuse_missing_value(key);
  }
}

// The positional keys, handed out one value each.
class Positionals {
 public:
  explicit Positionals(const Declarations& keys) {
    for (const Key& key : keys.keys()) {
      if (key.positional) names_.push_back(key.name);
    }
  }

  std::string take(const std::string& value) {
    RM_REQUIRE(used_ < names_.size(), ErrorKind::kInvalidArgument, kCommandLine, ": unexpected '",
               value, "'", value.starts_with('-') ? "; keys are written --key" : "");
    return names_[used_++];
  }

 private:
  std::vector<std::string> names_;
  std::size_t used_ = 0;
};

std::vector<Assignment> command_line_assignments(Declarations& keys,
                                                 const std::vector<std::string>& arguments) {
  Positionals positionals(keys);
  std::vector<Assignment> assignments;
  for (const po::option& option : tokenize(keys, arguments)) {
    const std::string value = option.value.empty() ? "true" : option.value.front();
    // "--epochs --flip": Boost takes the next key for the value. A value that does begin with
    // dashes is written --key=--value, which is one token.
    const bool from_next_argument = option.position_key < 0 && option.original_tokens.size() == 2;
    if (from_next_argument && value.starts_with("--"))
      refuse_missing_value(keys.at(option.string_key, kCommandLine));
    const std::string name = option.position_key >= 0 ? positionals.take(value) : option.string_key;
    assignments.push_back({name, value, kCommandLine});
  }
  return assignments;
}

// Assignments of one source by the key's own name. Error for unknown and repeated keys.
std::map<std::string, Assignment> by_name(Declarations& keys,
                                          const std::vector<Assignment>& assignments) {
  std::map<std::string, Assignment> found;
  for (const Assignment& one : assignments) {
    const Key& key = keys.at(one.key, one.origin);
    const auto [first, is_new] = found.emplace(key.name, one);
    RM_REQUIRE(is_new, ErrorKind::kInvalidArgument, one.origin, ": ", key.name,
               " is set a second time (first: '", first->second.value, "' at ",
               first->second.origin, ")");
  }
  return found;
}

std::map<std::string, Assignment> file_assignments(
    Declarations& keys, const std::map<std::string, Assignment>& command_line, FileSystem& files) {
  for (Key& key : keys.keys()) {
    const auto given = command_line.find(key.name);
    if (!key.config_file || given == command_line.end()) continue;
    const std::string& path = given->second.value;
    const auto assigned = by_name(keys, parse_config_text(read_text(files, path), path));
    const auto nested = assigned.find(key.name);
    RM_REQUIRE(nested == assigned.end(), ErrorKind::kInvalidArgument, nested->second.origin, ": ",
               key.name, " belongs on the command line, not into a configuration file");
    return assigned;
  }
  return {};
}

}  // namespace

void parse(Declarations& keys, const std::vector<std::string>& arguments, FileSystem& files) {
  const auto command_line = by_name(keys, command_line_assignments(keys, arguments));
  const auto file = file_assignments(keys, command_line, files);
  for (Key& key : keys.keys()) {
    const auto on_line = command_line.find(key.name);
    const auto in_file = file.find(key.name);
    // A file's bad value is an error even where the command line overrides it.
    if (in_file != file.end()) parse_into(key, in_file->second.value, in_file->second.origin);
    if (on_line != command_line.end())
      parse_into(key, on_line->second.value, on_line->second.origin);
    const bool given = on_line != command_line.end() || in_file != file.end();
    RM_REQUIRE(given || !key.required, ErrorKind::kInvalidArgument, kCommandLine, ": --", key.name,
               " is missing: ", key.help);
  }
}

void assign(Declarations& keys, const std::vector<Assignment>& assignments) {
  for (const auto& [name, one] : by_name(keys, assignments))
    parse_into(keys.at(name, one.origin), one.value, one.origin);
}

}  // namespace ringmaster::config
