// Finds images with the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/audit_report.h"

namespace ringmaster::sharding {

// What is known of one image: 24 bytes, so that 1.3 million of them are 31 MB.
struct ImageKey {
  std::uint64_t hash = 0;  // XXH3-64 of its bytes
  std::uint32_t size_bytes = 0;
  std::uint32_t label = 0;
  std::uint32_t split = 0, number = 0;  // in the split
};

// The names of `keys`, which are in the order of split and number.
using NamesOf = std::function<std::vector<std::string>(const std::vector<ImageKey>& keys)>;

// Groups in the order of their first image. Two images of the same hash and size are taken as the
// same: among 1.3 million different ones the odds of a false pair are 1 in 20 million.
[[nodiscard]] std::vector<Duplicate> find_duplicates(std::vector<ImageKey> keys,
                                                     const NamesOf& names_of);

// Of a packed data set whose shards lie in `folder`, by split and record: the shards' tables are
// read, not the images.
[[nodiscard]] std::vector<ImageKey> packed_keys(FileSystem& files, const std::string& folder,
                                                const shard::Manifest& manifest);
[[nodiscard]] std::vector<Duplicate> find_packed_duplicates(FileSystem& files,
                                                            const std::string& folder,
                                                            const shard::Manifest& manifest,
                                                            std::vector<ImageKey> keys);

}  // namespace ringmaster::sharding
