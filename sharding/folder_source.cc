#include "sharding/folder_source.h"

#include "base/check.h"
#include "sharding/class_folders.h"
#include "sharding/listed_source.h"

namespace ringmaster::sharding {

bool is_folder_source(FileSystem& files, const std::string& folder) {
  return files.is_dir(join_path(folder, "train"));
}

std::unique_ptr<Source> open_folder_source(FileSystem& files, const std::string& folder) {
  Listing listing{.kind = "class folders"};
  std::int64_t passed_over = 0;
  listing.classes = list_class_folders(files, folder, "train");
  RM_REQUIRE(!listing.classes.empty(), ErrorKind::kBadData, join_path(folder, "train"),
             " has no class folders: images are looked for as train/CLASS/NAME.jpg (or .jpeg, "
             ".png)");
  const auto add = [&](const std::string& split) {
    listing.splits.push_back(
        {list_class_folder_split(files, folder, split, listing.classes, passed_over),
         tree_store(files, folder, "")});
  };
  add("train");
  require_images_of_every_class(listing.classes, listing.splits[0].split,
                                join_path(folder, "train"));
  if (files.is_dir(join_path(folder, "val"))) add("val");
  if (passed_over > 0) listing.note = join_text(passed_over, " other files passed over");
  return listed_source(std::move(listing));
}

}  // namespace ringmaster::sharding
