#include "sharding/idx_source.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"
#include "sharding/idx_file.h"

namespace ringmaster::sharding {
namespace {

// XXH3-64 of Fashion-MNIST's 60,000 training labels, and its names by label
// (https://github.com/zalandoresearch/fashion-mnist, "Labels").
constexpr std::uint64_t kFashionLabelsHash = 0x46e784b61aa2b893;
constexpr std::array<const char*, 10> kFashionNames = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

// The path of `name` or `name`.gz in `folder`; empty where there is neither.
std::string find_file(FileSystem& files, const std::string& folder, const std::string& name) {
  const std::string path = join_path(folder, name);
  if (files.exists(path)) return path;
  return files.exists(path + ".gz") ? path + ".gz" : "";
}

std::vector<std::string> names_for(const IdxFile& train_labels) {
  const auto labels = train_labels.elements();
  if (xxh3_64(labels) == kFashionLabelsHash) return {kFashionNames.begin(), kFashionNames.end()};
  const auto largest = std::to_integer<int>(*std::max_element(labels.begin(), labels.end()));
  std::vector<std::string> names;
  for (int label = 0; label <= largest; ++label) names.push_back(std::to_string(label));
  return names;
}

class IdxSource final : public Source {
 public:
  IdxSource(FileSystem& files, const std::string& folder,
            const std::vector<std::string>& class_names)
      : classes_(class_names) {
    Hasher content;
    add_split(files, folder, "train", "train", content);
    if (!find_file(files, folder, "t10k-images-idx3-ubyte").empty())
      add_split(files, folder, "t10k", "val", content);
    content.update(listing_fingerprint(classes_, splits_));
    fingerprint_ = content.hex128();
    description_ = join_text("IDX files, ", classes_.size(), " classes, ", shape_.width, " x ",
                             shape_.height, " pixels:");
    for (const SourceSplit& split : splits_)
      description_ += join_text(" ", split.name, " ", split.items.size());
  }

  const std::vector<std::string>& classes() const override { return classes_; }
  const std::vector<SourceSplit>& splits() const override { return splits_; }
  std::optional<RawShape> raw_shape() const override { return shape_; }
  const std::string& description() const override { return description_; }
  const std::string& fingerprint() const override { return fingerprint_; }

  void read(std::size_t split, std::size_t item, std::vector<std::byte>& out) const override {
    RM_CHECK_LT(item, splits_.at(split).items.size());
    const std::size_t bytes = std::size_t{shape_.width} * shape_.height;
    const auto pixels = images_.at(split).elements().subspan(item * bytes, bytes);
    out.assign(pixels.begin(), pixels.end());
  }

 private:
  void add_split(FileSystem& files, const std::string& folder, const std::string& prefix,
                 const std::string& split_name, Hasher& content) {
    const std::string image_path = find_file(files, folder, prefix + "-images-idx3-ubyte");
    const std::string label_path = find_file(files, folder, prefix + "-labels-idx1-ubyte");
    RM_REQUIRE(!label_path.empty(), ErrorKind::kBadData, folder, " has ", prefix,
               "-images-idx3-ubyte, but neither ", prefix, "-labels-idx1-ubyte nor ", prefix,
               "-labels-idx1-ubyte.gz");
    images_.push_back(read_idx(files, image_path, 3));
    const IdxFile& images = images_.back();
    const IdxFile labels = read_idx(files, label_path, 1);
    RM_REQUIRE(images.dims[0] == labels.dims[0], ErrorKind::kBadData, image_path, " has ",
               images.dims[0], " images, ", label_path, " has ", labels.dims[0], " labels");
    if (splits_.empty()) shape_ = {.width = images.dims[2], .height = images.dims[1]};
    RM_REQUIRE(images.dims[2] == shape_.width && images.dims[1] == shape_.height,
               ErrorKind::kBadData, image_path, ": images are ", images.dims[2], " x ",
               images.dims[1], ", those of train are ", shape_.width, " x ", shape_.height);
    if (classes_.empty()) classes_ = names_for(labels);
    content.update(images.bytes);
    splits_.push_back({split_name, items(prefix, labels, label_path)});
  }

  [[nodiscard]] std::vector<SourceItem> items(const std::string& prefix, const IdxFile& labels,
                                              const std::string& label_path) const {
    const std::uint64_t bytes = std::uint64_t{shape_.width} * shape_.height;
    std::vector<SourceItem> items;
    for (const std::byte label : labels.elements()) {
      const auto value = std::to_integer<std::uint32_t>(label);
      RM_REQUIRE(value < classes_.size(), ErrorKind::kBadData, label_path, ": label ", items.size(),
                 " is ", value, ", but there are names for ", classes_.size(), " classes");
      items.push_back({join_text(prefix, "-images-idx3-ubyte[", items.size(), "]"), value, bytes});
    }
    return items;
  }

  std::vector<std::string> classes_;
  std::vector<SourceSplit> splits_;
  std::vector<IdxFile> images_;  // by split
  RawShape shape_;
  std::string description_, fingerprint_;
};

}  // namespace

bool is_idx_source(FileSystem& files, const std::string& folder) {
  return !find_file(files, folder, "train-images-idx3-ubyte").empty();
}

std::unique_ptr<Source> open_idx_source(FileSystem& files, const std::string& folder,
                                        const std::vector<std::string>& class_names) {
  return std::make_unique<IdxSource>(files, folder, class_names);
}

}  // namespace ringmaster::sharding
