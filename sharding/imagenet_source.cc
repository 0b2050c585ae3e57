#include "sharding/imagenet_source.h"

#include "base/check.h"
#include "sharding/class_folders.h"
#include "sharding/image_name.h"
#include "sharding/imagenet_splits.h"
#include "sharding/listed_source.h"
#include "sharding/val_labels.h"

namespace ringmaster::sharding {
namespace {

constexpr const char* kTrainTar = "ILSVRC2012_img_train.tar";
constexpr const char* kValTar = "ILSVRC2012_img_val.tar";
constexpr const char* kDevkit = "ILSVRC2012_devkit_t12.tar.gz";
constexpr const char* kKaggleImages = "Data/CLS-LOC";

void add_archive(FileSystem& files, const std::string& path, Listing& listing) {
  listing.archives.push_back({file_name_of(path), files.size_bytes(path)});
}

// Nothing where no class has words; else an empty text for a class that has none.
std::vector<std::string> words_of(const std::vector<std::string>& classes,
                                  const ClassWords& words) {
  if (words.empty()) return {};
  std::vector<std::string> out;
  for (const std::string& wnid : classes) {
    const auto found = words.find(wnid);
    out.push_back(found == words.end() ? "" : found->second);
  }
  return out;
}

void add_train_folder(FileSystem& files, const std::string& root, const std::string& shown,
                      const std::string& name, Listing& listing) {
  const std::string path = join_path(root, name);
  listing.classes = list_class_folders(files, root, name);
  RM_REQUIRE(!listing.classes.empty(), ErrorKind::kBadData, path, " has no class folders");
  std::int64_t passed_over = 0;
  SourceSplit split = list_class_folder_split(files, root, name, listing.classes, passed_over);
  require_images_of_every_class(listing.classes, split, path);
  listing.splits.push_back({std::move(split), tree_store(files, root, shown)});
  if (passed_over > 0) listing.note = join_text(passed_over, " other files passed over");
}

void add_train(FileSystem& files, const std::string& path, Listing& listing) {
  if (files.is_dir(path)) {
    const std::string name = file_name_of(path);
    RM_REQUIRE(name == "train", ErrorKind::kInvalidArgument, "--train ", path,
               " is a folder that is not called train: names in the shards begin with it. Rename "
               "it, or link to it");
    add_train_folder(files, parent_path(path), "", name, listing);
  } else {
    listing.splits.push_back(list_train_tar(files, path, listing.classes));
    add_archive(files, path, listing);
  }
}

void add_val(FileSystem& files, const std::string& path, const ValLabels& labels,
             Listing& listing) {
  if (files.is_dir(path)) {
    listing.splits.push_back(list_val_folder(files, path, "val", listing.classes, labels));
  } else {
    listing.splits.push_back(list_val_tar(files, path, listing.classes, labels));
    add_archive(files, path, listing);
  }
}

std::string kaggle_base(FileSystem& files, const std::string& folder) {
  for (const std::string& base : {join_path(folder, "ILSVRC"), folder}) {
    if (files.is_dir(join_path(base, join_path(kKaggleImages, "train")))) return base;
  }
  return "";
}

// In `folder`, or beside the folder ILSVRC that it is; empty where it is in neither.
std::string find_beside(FileSystem& files, const std::string& folder, const std::string& name) {
  for (const std::string& at : {folder, parent_path(folder)}) {
    if (files.exists(join_path(at, name))) return join_path(at, name);
  }
  return "";
}

}  // namespace

ImagenetPaths find_imagenet_archives(FileSystem& files, const std::string& folder) {
  const auto find = [&](const char* name) {
    const std::string path = join_path(folder, name);
    return files.exists(path) ? path : "";
  };
  return {find(kTrainTar), find(kValTar), find(kDevkit)};
}

std::unique_ptr<Source> open_imagenet(FileSystem& files, const ImagenetPaths& paths) {
  RM_REQUIRE(!paths.train.empty(), ErrorKind::kInvalidArgument,
             "the training images are missing: ", kTrainTar,
             " in --input, or --train PATH. Their "
             "class names are the labels");
  RM_REQUIRE(paths.val.empty() || !paths.devkit.empty(), ErrorKind::kInvalidArgument, paths.val,
             " has no labels: they are in the development kit, ", kDevkit,
             ". Put it beside the images, or name it with --devkit");
  Listing listing{.kind = "ImageNet's archives"};
  Devkit devkit;
  if (!paths.devkit.empty()) devkit = read_devkit(files, paths.devkit);
  add_train(files, paths.train, listing);
  if (!paths.val.empty()) add_val(files, paths.val, devkit.labels, listing);
  if (!paths.devkit.empty()) add_archive(files, paths.devkit, listing);
  listing.class_words = words_of(listing.classes, devkit.words);
  return listed_source(std::move(listing));
}

bool is_kaggle_source(FileSystem& files, const std::string& folder) {
  return !kaggle_base(files, folder).empty();
}

std::unique_ptr<Source> open_kaggle_source(FileSystem& files, const std::string& folder) {
  const std::string base = kaggle_base(files, folder);
  const std::string images = join_path(base, kKaggleImages);
  Listing listing{.kind = "ImageNet in Kaggle's layout"};
  add_train_folder(files, images, kKaggleImages, "train", listing);
  const std::string val = join_path(images, "val");
  if (files.is_dir(val)) {
    const std::string csv = find_beside(files, folder, "LOC_val_solution.csv");
    const std::string annotations = join_path(base, "Annotations/CLS-LOC/val");
    RM_REQUIRE(!csv.empty() || files.is_dir(annotations), ErrorKind::kBadData, val,
               " has no labels: neither LOC_val_solution.csv in ", folder, " nor ", annotations,
               " is there");
    const ValLabels labels =
        csv.empty() ? read_annotations(files, annotations) : read_solution_csv(files, csv);
    listing.splits.push_back(
        list_val_folder(files, val, join_path(kKaggleImages, "val"), listing.classes, labels));
  }
  const std::string mapping = find_beside(files, folder, "LOC_synset_mapping.txt");
  if (!mapping.empty())
    listing.class_words = words_of(listing.classes, read_synset_mapping(files, mapping));
  return listed_source(std::move(listing));
}

}  // namespace ringmaster::sharding
