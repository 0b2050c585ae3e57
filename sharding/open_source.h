// Finds out what kind of source a folder is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// What a source is made of. Either `input`, or `train` with whatever else is there.
struct SourcePaths {
  std::string input;                     // a folder
  std::string train, val, devkit;        // ImageNet's parts by name, see ImagenetPaths
  std::vector<std::string> class_names;  // for IDX files only
};

// `files` must outlive the source. Error{kInvalidArgument} where `input` is no folder or too little
// or too much is named, Error{kBadData} that says what was looked for where `input` is no source.
[[nodiscard]] std::unique_ptr<Source> open_source(FileSystem& files, const SourcePaths& paths);

// One name a line; empty lines at the end don't count. Error{kBadData} where there is none.
[[nodiscard]] std::vector<std::string> read_class_names(FileSystem& files, const std::string& path);

}  // namespace ringmaster::sharding
