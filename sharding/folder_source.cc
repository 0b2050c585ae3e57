#include "sharding/folder_source.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/check.h"
#include "shard/shard_format.h"

namespace ringmaster::sharding {
namespace {

// Deeper than anybody sorts images; a symbolic link that leads back up ends here.
constexpr int kMaxDepth = 32;

bool is_image_name(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::string extension = name.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::array<const char*, 3> kExtensions = {".jpg", ".jpeg", ".png"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

class FolderSource final : public Source {
 public:
  FolderSource(FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {
    classes_ = class_folders("train");
    RM_REQUIRE(!classes_.empty(), ErrorKind::kBadData, join_path(root_, "train"),
               " has no class folders: images are looked for as train/CLASS/NAME.jpg (or .jpeg, "
               ".png)");
    splits_.push_back(list_split("train"));
    require_images_of_every_class(splits_.back());
    if (files_.is_dir(join_path(root_, "val"))) splits_.push_back(list_split("val"));
    fingerprint_ = listing_fingerprint(classes_, splits_);
    description_ = join_text("class folders, ", classes_.size(), " classes:");
    for (const SourceSplit& split : splits_)
      description_ += join_text(" ", split.name, " ", split.items.size());
    if (ignored_ > 0) description_ += join_text("; ", ignored_, " other files passed over");
  }

  const std::vector<std::string>& classes() const override { return classes_; }
  const std::vector<SourceSplit>& splits() const override { return splits_; }
  const std::string& description() const override { return description_; }
  const std::string& fingerprint() const override { return fingerprint_; }

  void read(std::size_t split, std::size_t item, std::vector<std::byte>& out) const override {
    const SourceItem& listed = splits_.at(split).items.at(item);
    const auto file = files_.open(join_path(root_, listed.name));
    RM_REQUIRE(file->size_bytes() == listed.size_bytes, ErrorKind::kBadData,
               join_path(root_, listed.name), " changed while it was packed: it had ",
               listed.size_bytes, " bytes and has ", file->size_bytes());
    RM_REQUIRE(listed.size_bytes <= shard::kMaxPayloadBytes, ErrorKind::kBadData,
               join_path(root_, listed.name), " has ", listed.size_bytes, " bytes: no image of a ",
               "data set is that large");
    out.resize(listed.size_bytes);
    file->read_at(0, out);
  }

 private:
  std::vector<std::string> class_folders(const std::string& split) {
    const std::string path = join_path(root_, split);
    std::vector<std::string> names = files_.list(path);
    std::erase_if(names,
                  [&](const std::string& name) { return !files_.is_dir(join_path(path, name)); });
    return names;
  }

  SourceSplit list_split(const std::string& name) {
    SourceSplit split{name, {}};
    for (const std::string& folder : class_folders(name)) {
      const auto found = std::lower_bound(classes_.begin(), classes_.end(), folder);
      RM_REQUIRE(found != classes_.end() && *found == folder, ErrorKind::kBadData,
                 join_path(root_, name), " has the class folder ", folder,
                 ", which train/ does not have: the classes are those of train/");
      list_class(join_path(name, folder), static_cast<std::uint32_t>(found - classes_.begin()),
                 split.items);
    }
    RM_REQUIRE(!split.items.empty(), ErrorKind::kBadData, join_path(root_, name),
               " has no images: .jpg, .jpeg and .png files below class folders are looked for");
    return split;
  }

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
        ++ignored_;
      }
    }
  }

  void require_images_of_every_class(const SourceSplit& split) const {
    std::vector<bool> seen(classes_.size());
    for (const SourceItem& item : split.items) seen[item.label] = true;
    const auto empty = std::find(seen.begin(), seen.end(), false);
    RM_REQUIRE(empty == seen.end(), ErrorKind::kBadData, join_path(root_, split.name),
               ": the class folder ", classes_[static_cast<std::size_t>(empty - seen.begin())],
               " has no .jpg, .jpeg or .png file. Remove it, or put its images there");
  }

  FileSystem& files_;
  std::string root_;
  std::vector<std::string> classes_;
  std::vector<SourceSplit> splits_;
  std::string description_, fingerprint_;
  std::int64_t ignored_ = 0;
};

}  // namespace

bool is_folder_source(FileSystem& files, const std::string& folder) {
  return files.is_dir(join_path(folder, "train"));
}

std::unique_ptr<Source> open_folder_source(FileSystem& files, const std::string& folder) {
  return std::make_unique<FolderSource>(files, folder);
}

}  // namespace ringmaster::sharding
