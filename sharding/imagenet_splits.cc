#include "sharding/imagenet_splits.h"

#include <algorithm>

#include "base/check.h"
#include "sharding/image_name.h"
#include "sharding/ordered_work.h"
#include "sharding/tar_index.h"

namespace ringmaster::sharding {
namespace {

// Listing waits for the disk, not for the processor.
constexpr int kListingThreads = 8;

// An image with its place; for a file the place is nothing.
struct Placed {
  SourceItem item;
  std::uint64_t offset_bytes = 0;
};

std::vector<Placed> images_in(const std::vector<TarMember>& members) {
  std::vector<Placed> images;
  for (const TarMember& member : members) {
    if (is_image_name(member.name))
      images.push_back({{member.name, 0, member.size_bytes}, member.offset_bytes});
  }
  return images;
}

// In the order of class folders, which sort their files by name.
std::vector<std::uint64_t> sort_into(std::vector<Placed>& images, const std::string& where,
                                     std::vector<SourceItem>& items) {
  std::sort(images.begin(), images.end(),
            [](const Placed& a, const Placed& b) { return a.item.name < b.item.name; });
  std::vector<std::uint64_t> offsets;
  for (Placed& image : images) {
    RM_REQUIRE(items.empty() || items.back().name != image.item.name, ErrorKind::kBadData, where,
               " has ", image.item.name, " twice");
    offsets.push_back(image.offset_bytes);
    items.push_back(std::move(image.item));
  }
  return offsets;
}

// The class tars, in the order of their names.
std::vector<TarMember> class_tars(const ReadableFile& archive, const std::string& path) {
  std::vector<TarMember> tars = list_tar(archive, {path, 0, archive.size_bytes()});
  for (TarMember& member : tars) {
    member.name = file_name_of(member.name);
    RM_REQUIRE(member.name.ends_with(".tar") && member.name.size() > 4, ErrorKind::kBadData, path,
               " has the member ", member.name,
               ", but holds one tar a class (n01440764.tar) in "
               "ImageNet. For a tar of another form, unpack it to class folders");
    member.name.resize(member.name.size() - 4);
  }
  RM_REQUIRE(!tars.empty(), ErrorKind::kBadData, path, " is empty");
  std::sort(tars.begin(), tars.end(),
            [](const TarMember& a, const TarMember& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < tars.size(); ++i) {
    RM_REQUIRE(tars[i].name != tars[i - 1].name, ErrorKind::kBadData, path, " has ", tars[i].name,
               ".tar twice");
  }
  return tars;
}

std::vector<SourceItem> label_val(const std::vector<std::string>& classes, const ValLabels& labels,
                                  std::vector<Placed>& images, const std::string& path,
                                  std::vector<std::uint64_t>& offsets) {
  RM_REQUIRE(!images.empty(), ErrorKind::kBadData, path,
             " has no images: ILSVRC2012_val_00000001.JPEG and so on are looked for");
  auto unused = labels.wnids;
  for (Placed& image : images) {
    const std::string file = file_name_of(image.item.name);
    const auto found = labels.wnids.find(stem_of(file));
    RM_REQUIRE(found != labels.wnids.end(), ErrorKind::kBadData, path, ": ", file,
               " has no label in ", labels.origin, ", which has ", labels.wnids.size(), " for ",
               images.size(), " images");
    unused.erase(found->first);
    image.item.label = label_of(classes, found->second, labels.origin);
    image.item.name = join_text("val/", found->second, "/", file);
  }
  RM_REQUIRE(unused.empty(), ErrorKind::kBadData, path, " has no image ", unused.begin()->first,
             ": it has ", images.size(), " images, and ", labels.origin, " has ",
             labels.wnids.size(), " labels. Is it complete?");
  std::vector<SourceItem> items;
  offsets = sort_into(images, path, items);
  return items;
}

}  // namespace

ListedSplit list_train_tar(FileSystem& files, const std::string& path,
                           std::vector<std::string>& classes) {
  std::unique_ptr<ReadableFile> archive = files.open(path);
  const std::vector<TarMember> tars = class_tars(*archive, path);
  SourceSplit split{"train", {}};
  std::vector<std::uint64_t> offsets;
  const auto list = [&](std::size_t i) {
    return images_in(list_tar(
        *archive, {join_text(path, ": ", tars[i].name, ".tar (at byte ", tars[i].offset_bytes, ")"),
                   tars[i].offset_bytes, tars[i].size_bytes}));
  };
  const auto take = [&](std::size_t i, std::vector<Placed> images) {
    for (Placed& image : images) {
      image.item.label = static_cast<std::uint32_t>(i);
      image.item.name = join_text("train/", tars[i].name, "/", image.item.name);
    }
    std::vector<SourceItem> items;
    const auto places = sort_into(images, path, items);
    std::move(items.begin(), items.end(), std::back_inserter(split.items));
    offsets.insert(offsets.end(), places.begin(), places.end());
    return true;
  };
  OrderedWork<std::vector<Placed>> work(
      tars.size(), {.workers = kListingThreads},
      {.cost_bytes = [](std::size_t) { return std::uint64_t{1} << 20; },
       .make = list,
       .consume = take});
  work.run();
  classes.clear();
  for (const TarMember& tar : tars) classes.push_back(tar.name);
  require_images_of_every_class(classes, split, path);
  return {std::move(split), tar_store(std::move(archive), path, std::move(offsets), true)};
}

ListedSplit list_val_tar(FileSystem& files, const std::string& path,
                         const std::vector<std::string>& classes, const ValLabels& labels) {
  std::unique_ptr<ReadableFile> archive = files.open(path);
  std::vector<Placed> images = images_in(list_tar(*archive, {path, 0, archive->size_bytes()}));
  std::vector<std::uint64_t> offsets;
  SourceSplit split{"val", label_val(classes, labels, images, path, offsets)};
  return {std::move(split), tar_store(std::move(archive), path, std::move(offsets), false)};
}

ListedSplit list_val_folder(FileSystem& files, const std::string& path, const std::string& shown,
                            const std::vector<std::string>& classes, const ValLabels& labels) {
  std::vector<Placed> images;
  for (const std::string& name : files.list(path)) {
    if (is_image_name(name))
      images.push_back({{name, 0, files.size_bytes(join_path(path, name))}, 0});
  }
  std::vector<std::uint64_t> offsets;
  SourceSplit split{"val", label_val(classes, labels, images, path, offsets)};
  return {std::move(split), flat_store(files, path, shown)};
}

}  // namespace ringmaster::sharding
