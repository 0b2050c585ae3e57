// What declarations look like: help, startup table, recorded copy, JSON.
#pragma once

#include <string>

#include "config/declarations.h"

namespace ringmaster::config {

// The keys by group with type, unit, help and default, at most 100 columns wide where words allow.
[[nodiscard]] std::string help_text(const Declarations& keys);

// One aligned line a key: name, value with unit, and where it came from.
[[nodiscard]] std::string table_text(const Declarations& keys);

// The resolved configuration of the recorded keys in the order of declaration, each with a comment
// that says where its value came from. Parsing it gives the same values again.
[[nodiscard]] std::string config_text(const Declarations& keys);

// An object {"key": value} of the recorded keys, typed, indented by two.
[[nodiscard]] std::string config_json(const Declarations& keys);

}  // namespace ringmaster::config
