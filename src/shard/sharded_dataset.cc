// Dataset over shards, of whichever container.
#include <algorithm>

#include "base/check.h"
#include "shard/dataset.h"
#include "shard/manifest.h"
#include "shard/shard_check.h"
#include "shard/shard_reader.h"

namespace ringmaster::shard {
namespace {

class ShardedDataset final : public Dataset {
 public:
  ShardedDataset(FileSystem& files, const std::string& folder, const Manifest& manifest,
                 const SplitEntry& split, const FolderOf& folder_of)
      : classes_(manifest.classes), hash_(manifest.hash()) {
    shards_.reserve(split.shards.size());
    for (std::uint32_t index = 0; index < split.shards.size(); ++index) {
      shards_.push_back(open_shard(files, folder_of ? folder_of(split.shards[index].name) : folder,
                                   manifest, split, index));
      size_ += static_cast<std::int64_t>(shards_.back()->records());
      ends_.push_back(size_);
    }
  }

  std::int64_t size() const override { return size_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& hash() const override { return hash_; }

  RecordInfo info(std::int64_t sample) const override {
    const Place place = find(sample);
    return shards_[place.shard]->info(place.record);
  }
  void read(std::int64_t sample, Record& out) const override {
    const Place place = find(sample);
    shards_[place.shard]->read(place.record, out);
  }
  std::vector<std::int64_t> shard_sizes() const override {
    std::vector<std::int64_t> sizes;
    for (const auto& shard : shards_) sizes.push_back(static_cast<std::int64_t>(shard->records()));
    return sizes;
  }
  std::string locate(std::int64_t sample) const override {
    const Place place = find(sample);
    const std::string& path = shards_[place.shard]->path();
    return join_text(path.substr(path.rfind('/') + 1), " record ", place.record);
  }

 private:
  struct Place {
    std::size_t shard;
    std::uint64_t record;
  };

  Place find(std::int64_t sample) const {
    RM_CHECK(sample >= 0 && sample < size_, "sample ", sample, " of ", size_);
    const auto end = std::upper_bound(ends_.begin(), ends_.end(), sample);
    const std::int64_t begin = end == ends_.begin() ? 0 : *(end - 1);
    return {static_cast<std::size_t>(end - ends_.begin()),
            static_cast<std::uint64_t>(sample - begin)};
  }

  std::vector<std::string> classes_;
  std::string hash_;
  std::vector<std::unique_ptr<ShardReader>> shards_;
  std::vector<std::int64_t> ends_;  // ends_[i]: the first sample after shard i
  std::int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_dataset(FileSystem& files, const std::string& folder,
                                      const std::string& split, const FolderOf& folder_of) {
  const Manifest manifest = read_manifest(files, folder);
  return std::make_unique<ShardedDataset>(files, folder, manifest, manifest.split(split),
                                          folder_of);
}

}  // namespace ringmaster::shard
