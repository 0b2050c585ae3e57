#include "sharding/listed_source.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::sharding {
namespace {

class ListedSource final : public Source {
 public:
  explicit ListedSource(Listing listing) : listing_(std::move(listing)) {
    for (ListedSplit& listed : listing_.splits) {
      splits_.push_back(std::move(listed.split));
      stores_.push_back(std::move(listed.store));
    }
    fingerprint_ = listing_fingerprint(listing_.classes, splits_);
    description_ = join_text(listing_.kind, ", ", listing_.classes.size(), " classes:");
    for (const SourceSplit& split : splits_)
      description_ += join_text(" ", split.name, " ", split.items.size());
    if (!listing_.note.empty()) description_ += "; " + listing_.note;
  }

  const std::vector<std::string>& classes() const override { return listing_.classes; }
  const std::vector<std::string>& class_words() const override { return listing_.class_words; }
  const std::vector<shard::SourceFile>& archives() const override { return listing_.archives; }
  const std::vector<SourceSplit>& splits() const override { return splits_; }
  const std::string& description() const override { return description_; }
  const std::string& fingerprint() const override { return fingerprint_; }

  std::string locate(std::size_t split, std::size_t item) const override {
    return stores_.at(split)->locate(item, splits_[split].items.at(item));
  }
  std::string path(std::size_t split, std::size_t item) const override {
    return stores_.at(split)->path(splits_[split].items.at(item));
  }
  void read(std::size_t split, std::size_t item, std::vector<std::byte>& out) const override {
    stores_.at(split)->read(item, splits_[split].items.at(item), out);
  }

 private:
  Listing listing_;
  std::vector<SourceSplit> splits_;
  std::vector<std::unique_ptr<ImageStore>> stores_;
  std::string description_, fingerprint_;
};

}  // namespace

std::unique_ptr<Source> listed_source(Listing listing) {
  return std::make_unique<ListedSource>(std::move(listing));
}

void require_images_of_every_class(const std::vector<std::string>& classes,
                                   const SourceSplit& split, const std::string& where) {
  std::vector<bool> seen(classes.size());
  for (const SourceItem& item : split.items) seen[item.label] = true;
  const auto empty = std::find(seen.begin(), seen.end(), false);
  RM_REQUIRE(empty == seen.end(), ErrorKind::kBadData, where, ": the class ",
             classes[static_cast<std::size_t>(empty - seen.begin())],
             " has no .jpg, .jpeg or .png file. Remove it, or put its images there");
}

std::uint32_t label_of(const std::vector<std::string>& classes, const std::string& name,
                       const std::string& where) {
  const auto found = std::lower_bound(classes.begin(), classes.end(), name);
  RM_REQUIRE(found != classes.end() && *found == name, ErrorKind::kBadData, where,
             " has the class ", name, ", which the training images do not have: the classes are ",
             "theirs");
  return static_cast<std::uint32_t>(found - classes.begin());
}

}  // namespace ringmaster::sharding
