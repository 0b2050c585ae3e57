#include "sharding/duplicates.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "shard/shard_check.h"

namespace ringmaster::sharding {
namespace {

bool same_bytes(const ImageKey& a, const ImageKey& b) {
  return a.hash == b.hash && a.size_bytes == b.size_bytes;
}

bool earlier(const ImageKey& a, const ImageKey& b) {
  return std::tie(a.split, a.number) < std::tie(b.split, b.number);
}

}  // namespace

std::vector<Duplicate> find_duplicates(std::vector<ImageKey> keys, const NamesOf& names_of) {
  std::sort(keys.begin(), keys.end(), [](const ImageKey& a, const ImageKey& b) {
    return std::tie(a.hash, a.size_bytes, a.split, a.number) <
           std::tie(b.hash, b.size_bytes, b.split, b.number);
  });
  std::vector<Duplicate> groups;
  std::vector<std::pair<ImageKey, std::size_t>> members;  // with the number of their group
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    while (end < keys.size() && same_bytes(keys[begin], keys[end])) ++end;
    if (end - begin == 1) continue;
    Duplicate group{.hash = keys[begin].hash, .size_bytes = keys[begin].size_bytes};
    for (std::size_t i = begin; i < end; ++i) {
      group.across_splits = group.across_splits || keys[i].split != keys[begin].split;
      group.across_classes = group.across_classes || keys[i].label != keys[begin].label;
      members.emplace_back(keys[i], groups.size());
    }
    groups.push_back(std::move(group));
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return earlier(a.first, b.first); });
  keys.clear();
  for (const auto& member : members) keys.push_back(member.first);
  std::vector<std::string> names = names_of(keys);
  for (std::size_t i = 0; i < members.size(); ++i)
    groups[members[i].second].names.push_back(std::move(names.at(i)));
  for (Duplicate& group : groups) std::sort(group.names.begin(), group.names.end());
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
  return find_duplicates(std::move(keys), [&](const std::vector<ImageKey>& wanted) {
    std::vector<std::string> names;
    std::size_t next = 0;
    for (std::uint32_t s = 0; s < manifest.splits.size(); ++s) {
      const shard::SplitEntry& split = manifest.splits[s];
      std::uint64_t begin = 0;  // number of the shard's first record
      for (std::uint32_t i = 0; i < split.shards.size(); ++i) {
        const std::uint64_t end = begin + split.shards[i].summary.records;
        std::unique_ptr<shard::ShardReader> shard;
        for (; next < wanted.size() && wanted[next].split == s && wanted[next].number < end;
             ++next) {
          if (shard == nullptr) shard = shard::open_shard(files, folder, manifest, split, i);
          names.push_back(shard->name(wanted[next].number - begin));
        }
        begin = end;
      }
    }
    return names;
  });
}

}  // namespace ringmaster::sharding
