// The options that say what a command reads images from.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "config/declarations.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

struct SourceArguments {
  std::string input, train, val, devkit, class_names;

  // For messages: the folder, or the training images.
  [[nodiscard]] const std::string& shown() const { return input.empty() ? train : input; }
};

// `a` must outlive the keys.
void declare_source(config::Declarations& keys, SourceArguments& a);

[[nodiscard]] std::unique_ptr<Source> open_source(FileSystem& files, const SourceArguments& a);

}  // namespace ringmaster::sharding
