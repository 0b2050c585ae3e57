#include "sharding/open_source.h"

#include <sstream>

#include "base/check.h"
#include "sharding/folder_source.h"
#include "sharding/idx_source.h"

namespace ringmaster::sharding {

std::unique_ptr<Source> open_source(FileSystem& files, const std::string& input,
                                    const std::vector<std::string>& class_names) {
  RM_REQUIRE(files.is_dir(input), ErrorKind::kInvalidArgument, "--input ", input,
             " is not a folder");
  if (is_idx_source(files, input)) return open_idx_source(files, input, class_names);
  RM_REQUIRE(class_names.empty(), ErrorKind::kInvalidArgument,
             "--class-names is for IDX files; class folders bring their names");
  if (is_folder_source(files, input)) return open_folder_source(files, input);
  throw Error(ErrorKind::kBadData,
              join_text("no images in ", input, ": neither class folders (", input,
                        "/train/CLASS/NAME.jpg, .jpeg or .png, and the same below val/) nor IDX "
                        "files (train-images-idx3-ubyte, or with .gz) are there"));
}

std::vector<std::string> read_class_names(FileSystem& files, const std::string& path) {
  std::istringstream lines(read_text(files, path));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    names.push_back(line);
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  RM_REQUIRE(!names.empty(), ErrorKind::kBadData, path, " has no class name: one a line is wanted");
  return names;
}

}  // namespace ringmaster::sharding
