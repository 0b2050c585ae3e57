// Fills declared keys from a configuration file and the command line.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "config/config_text.h"
#include "config/declarations.h"

namespace ringmaster::config {

inline constexpr const char* kCommandLine = "command line";

// `arguments` without the program's name: `--key value`, `--key=value`, flags, and positional
// values in the order of their declarations; `-` and `_` in a key are the same; after a lone `--`
// all is positional. The file that the config_file() key names is read too: the command line wins
// over it, and it over the defaults. Afterwards each target holds its value and each key's `origin`
// says from where.
//
// Error{kInvalidArgument} for an unknown key, a bad, repeated or missing value, a missing required
// key, a malformed line; the file's own errors (Error{kIo}) pass through. Some targets may then
// have been set already.
void parse(Declarations& keys, const std::vector<std::string>& arguments, FileSystem& files);

// The same for assignments that are at hand (the recorded copy in a checkpoint). No required keys.
void assign(Declarations& keys, const std::vector<Assignment>& assignments);

}  // namespace ringmaster::config
