#include "sharding/open_source.h"

#include <sstream>

#include "base/check.h"
#include "sharding/folder_source.h"
#include "sharding/idx_source.h"
#include "sharding/imagenet_source.h"

namespace ringmaster::sharding {
namespace {

// Parts that are named win over what lies in the folder.
ImagenetPaths imagenet_paths(FileSystem& files, const SourcePaths& paths) {
  ImagenetPaths found;
  if (!paths.input.empty()) found = find_imagenet_archives(files, paths.input);
  if (!paths.train.empty()) found.train = paths.train;
  if (!paths.val.empty()) found.val = paths.val;
  if (!paths.devkit.empty()) found.devkit = paths.devkit;
  for (const std::string& path : {found.train, found.val, found.devkit}) {
    RM_REQUIRE(path.empty() || files.exists(path), ErrorKind::kIo, path, " does not exist");
  }
  return found;
}

}  // namespace

std::unique_ptr<Source> open_source(FileSystem& files, const SourcePaths& paths) {
  const std::string& input = paths.input;
  const bool named = !paths.train.empty() || !paths.val.empty() || !paths.devkit.empty();
  RM_REQUIRE(named || !input.empty(), ErrorKind::kInvalidArgument,
             "no source: name a folder with --input, or ImageNet's parts with --train, --val and "
             "--devkit");
  RM_REQUIRE(input.empty() || files.is_dir(input), ErrorKind::kInvalidArgument, "--input ", input,
             " is not a folder");
  if (!named && is_idx_source(files, input))
    return open_idx_source(files, input, paths.class_names);
  RM_REQUIRE(paths.class_names.empty(), ErrorKind::kInvalidArgument,
             "--class-names is for IDX files; other sources bring their names");
  const ImagenetPaths imagenet = imagenet_paths(files, paths);
  if (named || !imagenet.train.empty() || !imagenet.val.empty())
    return open_imagenet(files, imagenet);
  if (is_kaggle_source(files, input)) return open_kaggle_source(files, input);
  if (is_folder_source(files, input)) return open_folder_source(files, input);
  throw Error(ErrorKind::kBadData,
              join_text("no images in ", input, ": neither class folders (", input,
                        "/train/CLASS/NAME.jpg, .jpeg or .png, and the same below val/), nor "
                        "ImageNet's archives (ILSVRC2012_img_train.tar), nor Kaggle's layout "
                        "(ILSVRC/Data/CLS-LOC/train), nor IDX files (train-images-idx3-ubyte, or "
                        "with .gz) are there"));
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
