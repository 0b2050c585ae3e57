// Lists class folders, by the rules of torchvision's ImageFolder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// The folders of `root`/`split`, in bytewise order.
[[nodiscard]] std::vector<std::string> list_class_folders(FileSystem& files,
                                                          const std::string& root,
                                                          const std::string& split);

// The images of `root`/`split`/<class>/**, at any depth, folder by folder in bytewise order; links
// are followed. Adds to `passed_over` the files that are no images by their names. Error{kBadData}
// for a class that is not among `classes` (sorted), and where there is no image.
[[nodiscard]] SourceSplit list_class_folder_split(FileSystem& files, const std::string& root,
                                                  const std::string& split,
                                                  const std::vector<std::string>& classes,
                                                  std::int64_t& passed_over);

}  // namespace ringmaster::sharding
