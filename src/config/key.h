// One key of a configuration, and the traits that a declaration may give it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace ringmaster::config {

// Where the value goes. What it points to must outlive the declarations.
using Target = std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::string>*,
                            std::vector<std::int64_t>*>;

struct Check {
  std::string allowed;                       // ends the sentence "takes a number …"
  std::function<bool(const Target&)> holds;  // of the value that the target has now
};

struct Key {
  std::string name;  // snake_case
  std::string help;  // one sentence or more
  std::string group;
  std::string unit;
  Target target;
  std::string default_text;  // the target's value when it was declared
  std::string origin;        // "default", "command line" or "FILE:LINE"
  std::vector<std::string> aliases;
  std::vector<std::string> choices;  // empty: anything of the type
  std::vector<Check> checks;
  bool required = false;
  bool flag = false;         // on the command line it takes no value and means true
  bool positional = false;   // may stand on the command line without its name
  bool recorded = true;      // part of the resolved copy
  bool config_file = false;  // names the file that the other keys are read from
};

using Trait = std::function<void(Key&)>;

// Bounds hold for integers too, and for each element of a list.
[[nodiscard]] Trait at_least(double low);
[[nodiscard]] Trait above(double low);
[[nodiscard]] Trait zero_or_at_least(double low);
[[nodiscard]] Trait in_range(double low, double high);       // both ends included
[[nodiscard]] Trait one_of(std::vector<std::string> names);  // for text, and each element of a list
[[nodiscard]] Trait unit(std::string name);                  // "seconds", "images", …
[[nodiscard]] Trait alias(std::string name);
[[nodiscard]] Trait required();
[[nodiscard]] Trait flag();  // REQUIRES: a bool
[[nodiscard]] Trait positional();
// What a run is told but is no part of its recipe (folders, --json): not in the resolved copy.
[[nodiscard]] Trait unrecorded();
// At most one key; implies unrecorded(), and a configuration file may not set it.
[[nodiscard]] Trait config_file();

// The target's value as text; parse_into() reads it back exactly.
[[nodiscard]] std::string value_text(const Key& key);
// Stores `text` and runs the checks. Error{kInvalidArgument} that names the key, the value, where
// it stands (`origin`) and what is allowed; the target is then undefined.
void parse_into(Key& key, const std::string& text, const std::string& origin);
// "number from 0 to 1", "one of sgd, lars", "true or false".
[[nodiscard]] std::string allowed_values(const Key& key);

}  // namespace ringmaster::config
