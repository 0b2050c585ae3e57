// Finds out what kind of source a folder is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// `class_names`: for IDX files only, may be empty. `files` must outlive the source.
// Error{kInvalidArgument} where `input` is no folder, Error{kBadData} that says what was looked
// for where it is no source.
[[nodiscard]] std::unique_ptr<Source> open_source(FileSystem& files, const std::string& input,
                                                  const std::vector<std::string>& class_names);

// One name a line; empty lines at the end don't count. Error{kBadData} where there is none.
[[nodiscard]] std::vector<std::string> read_class_names(FileSystem& files, const std::string& path);

}  // namespace ringmaster::sharding
