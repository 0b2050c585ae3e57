#include "sharding/class_folders.h"

#include <iterator>
#include <map>

#include "base/check.h"
#include "sharding/image_name.h"
#include "sharding/listed_source.h"
#include "sharding/ordered_work.h"

namespace ringmaster::sharding {
namespace {

// Deeper than anybody sorts images; a symbolic link that leads back up ends here.
constexpr int kMaxDepth = 32;

// Listing waits for the disk, not for the processor.
constexpr int kListingThreads = 8;

struct ListedClass {
  std::vector<SourceItem> items;
  std::int64_t passed_over = 0;
};

class Lister {
 public:
  Lister(FileSystem& files, const std::string& root) : files_(files), root_(root) {}

  // ImageFolder walks the folders below a class in the order of their whole paths.
  [[nodiscard]] ListedClass list_class(const std::string& folder, std::uint32_t label) {
    ListedClass listed;
    std::map<std::string, std::vector<std::string>> images;  // by folder
    collect_images(folder, 0, images);
    for (const auto& [at, names] : images) {
      for (const std::string& name : names) {
        const std::string path = join_path(at, name);
        listed.items.push_back({path, label, files_.size_bytes(join_path(root_, path))});
      }
    }
    listed.passed_over = passed_over_;
    return listed;
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
  std::int64_t passed_over_ = 0;
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
  const std::vector<std::string> folders = list_class_folders(files, root, split);
  OrderedWork<ListedClass> work(
      folders.size(), {.workers = kListingThreads},
      {.cost_bytes = [](std::size_t) { return std::uint64_t{1} << 20; },
       .make =
           [&](std::size_t i) {
             const std::uint32_t label = label_of(classes, folders[i], join_path(root, split));
             return Lister(files, root).list_class(join_path(split, folders[i]), label);
           },
       .consume =
           [&](std::size_t, ListedClass one) {
             passed_over += one.passed_over;
             std::move(one.items.begin(), one.items.end(), std::back_inserter(listed.items));
             return true;
           }});
  work.run();
  RM_REQUIRE(!listed.items.empty(), ErrorKind::kBadData, join_path(root, split),
             " has no images: .jpg, .jpeg and .png files below class folders are looked for. Where "
             "ImageNet's validation images lie side by side in one folder, name it with --val and "
             "the development kit with --devkit");
  return listed;
}

}  // namespace ringmaster::sharding
