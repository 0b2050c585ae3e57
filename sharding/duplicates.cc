#include "sharding/duplicates.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "shard/shard_check.h"

namespace ringmaster::sharding {
namespace {

bool same_bytes(const ImageKey& a, const ImageKey& b) {
  return a.hash == b.hash && a.size_bytes == b.size_bytes;
}

Duplicate group_of(const ImageKey* begin, const ImageKey* end,
                   const std::function<std::string(const ImageKey&)>& name_of) {
  Duplicate group{.hash = begin->hash, .size_bytes = begin->size_bytes};
  for (const ImageKey* key = begin; key != end; ++key) {
    group.names.push_back(name_of(*key));
    group.across_splits = group.across_splits || key->split != begin->split;
    group.across_classes = group.across_classes || key->label != begin->label;
  }
  std::sort(group.names.begin(), group.names.end());
  return group;
}

}  // namespace

std::vector<Duplicate> find_duplicates(std::vector<ImageKey> keys,
                                       const std::function<std::string(const ImageKey&)>& name_of) {
  std::sort(keys.begin(), keys.end(), [](const ImageKey& a, const ImageKey& b) {
    return std::tie(a.hash, a.size_bytes, a.split, a.number) <
           std::tie(b.hash, b.size_bytes, b.split, b.number);
  });
  std::vector<Duplicate> groups;
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    while (end < keys.size() && same_bytes(keys[begin], keys[end])) ++end;
    if (end - begin > 1)
      groups.push_back(group_of(keys.data() + begin, keys.data() + end, name_of));
  }
  std::sort(groups.begin(), groups.end(),
            [](const Duplicate& a, const Duplicate& b) { return a.names < b.names; });
  return groups;
}

std::vector<ImageKey> packed_keys(FileSystem& files, const std::string& folder,
                                  const shard::Manifest& manifest) {
  std::vector<ImageKey> keys;
  for (std::uint32_t s = 0; s < manifest.splits.size(); ++s) {
    const shard::SplitEntry& split = manifest.splits[s];
    std::uint32_t number = 0;
    for (std::uint32_t i = 0; i < split.shards.size(); ++i) {
      const auto shard = shard::open_shard(files, folder, manifest, split, i);
      for (std::uint64_t r = 0; r < shard->records(); ++r) {
        const shard::RecordInfo info = shard->info(r);
        keys.push_back(
            {info.hash, static_cast<std::uint32_t>(info.size_bytes), info.label, s, number++});
      }
    }
  }
  return keys;
}

std::vector<Duplicate> find_packed_duplicates(FileSystem& files, const std::string& folder,
                                              const shard::Manifest& manifest,
                                              std::vector<ImageKey> keys) {
  return find_duplicates(std::move(keys), [&](const ImageKey& key) {
    const shard::SplitEntry& split = manifest.splits[key.split];
    std::uint64_t left = key.number;
    std::uint32_t i = 0;
    while (left >= split.shards[i].summary.records) left -= split.shards[i++].summary.records;
    return shard::open_shard(files, folder, manifest, split, i)->name(left);
  });
}

}  // namespace ringmaster::sharding
