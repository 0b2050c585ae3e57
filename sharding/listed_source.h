// A source whose splits were listed one by one, each from where it lies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sharding/image_store.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

struct ListedSplit {
  SourceSplit split;
  std::unique_ptr<ImageStore> store;
};

struct Listing {
  std::string kind;  // begins the description: "class folders"
  std::string note;  // ends it, may be empty
  std::vector<std::string> classes, class_words;
  std::vector<shard::SourceFile> archives;
  std::vector<ListedSplit> splits;
};

// The fingerprint is over classes, splits, names, labels and sizes alone. So the official tars and
// the same images as class folders are the same source, and give the same shards.
[[nodiscard]] std::unique_ptr<Source> listed_source(Listing listing);

// Error{kBadData} naming `where` and the class for one that has no item.
void require_images_of_every_class(const std::vector<std::string>& classes,
                                   const SourceSplit& split, const std::string& where);

// The label of `name` among `classes`, which are sorted. Error{kBadData} naming `where` otherwise.
[[nodiscard]] std::uint32_t label_of(const std::vector<std::string>& classes,
                                     const std::string& name, const std::string& where);

}  // namespace ringmaster::sharding
