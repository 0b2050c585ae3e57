#include "sharding/class_folders.h"

#include <map>

#include "base/check.h"
#include "sharding/image_name.h"
#include "sharding/listed_source.h"

namespace ringmaster::sharding {
namespace {

// Deeper than anybody sorts images; a symbolic link that leads back up ends here.
constexpr int kMaxDepth = 32;

class Lister {
 public:
  Lister(FileSystem& files, const std::string& root, std::int64_t& passed_over)
      : files_(files), root_(root), passed_over_(passed_over) {}

  // ImageFolder walks the folders below a class in the order of their whole paths.
  void list_class(const std::string& folder, std::uint32_t label, std::vector<SourceItem>& items) {
    std::map<std::string, std::vector<std::string>> images;  // by folder
    collect_images(folder, 0, images);
    for (const auto& [at, names] : images) {
      for (const std::string& name : names) {
        const std::string path = join_path(at, name);
        items.push_back({path, label, files_.size_bytes(join_path(root_, path))});
      }
    }
  }

 private:
  // A name decides whether something is an image, so that a million files cost one stat each.
  void collect_images(const std::string& at, int depth,
                      std::map<std::string, std::vector<std::string>>& images) {
    RM_REQUIRE(depth <= kMaxDepth, ErrorKind::kBadData, join_path(root_, at), " lies deeper than ",
               kMaxDepth, " folders: does a symbolic link lead in a circle?");
    for (std::string& name : files_.list(join_path(root_, at))) {
      const std::string path = join_path(at, name);
      if (is_image_name(name)) {
        images[at].push_back(std::move(name));
      } else if (files_.is_dir(join_path(root_, path))) {
        collect_images(path, depth + 1, images);
      } else {
        ++passed_over_;
      }
    }
  }

  FileSystem& files_;
  const std::string& root_;
  std::int64_t& passed_over_;
};

}  // namespace

std::vector<std::string> list_class_folders(FileSystem& files, const std::string& root,
                                            const std::string& split) {
  const std::string path = join_path(root, split);
  std::vector<std::string> names = files.list(path);
  std::erase_if(names,
                [&](const std::string& name) { return !files.is_dir(join_path(path, name)); });
  return names;
}

SourceSplit list_class_folder_split(FileSystem& files, const std::string& root,
                                    const std::string& split,
                                    const std::vector<std::string>& classes,
                                    std::int64_t& passed_over) {
  SourceSplit listed{split, {}};
  Lister lister(files, root, passed_over);
  for (const std::string& folder : list_class_folders(files, root, split)) {
    lister.list_class(join_path(split, folder), label_of(classes, folder, join_path(root, split)),
                      listed.items);
  }
  RM_REQUIRE(!listed.items.empty(), ErrorKind::kBadData, join_path(root, split),
             " has no images: .jpg, .jpeg and .png files below class folders are looked for. Where "
             "ImageNet's validation images lie side by side in one folder, name it with --val and "
             "the development kit with --devkit");
  return listed;
}

}  // namespace ringmaster::sharding
