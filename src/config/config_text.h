// The configuration file: `key = value` lines.
//
//   # a comment; blank lines are fine
//   max_lr = 0.1          # a comment after a blank and #
//   note = "two # signs"  # quotes keep blanks and #; inside them \" \\ \n \t
//
// `-` and `_` are the same only on the command line: a file says max_lr.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::config {

struct Assignment {
  std::string key;
  std::string value;
  std::string origin;  // "command line" or "FILE:LINE"

  bool operator==(const Assignment&) const = default;
};

// In the order of the lines; repeated keys are left to the caller. `name` is the file's, for
// messages. Error{kInvalidArgument} naming the line where it is no assignment.
[[nodiscard]] std::vector<Assignment> parse_config_text(std::string_view text,
                                                        const std::string& name);

// A value as it must stand in a file: quoted only where it has to be.
[[nodiscard]] std::string quote_value(const std::string& value);

// What changed between two configurations, in `before`'s order, then what is new in `after`'s.
// Nothing stands for a key that one of them lacks.
struct Difference {
  std::string key;
  std::optional<std::string> before, after;
};
[[nodiscard]] std::vector<Difference> diff(const std::vector<Assignment>& before,
                                           const std::vector<Assignment>& after);
// One line a difference: "max_lr: 0.1 -> 0.2". Empty where there is none.
[[nodiscard]] std::string diff_text(const std::vector<Difference>& differences);

}  // namespace ringmaster::config
