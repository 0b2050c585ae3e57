// One pack on several machines: each packs some of the planned shards into a shared folder, and
// merging makes the manifest that one machine would have written.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "shard/manifest.h"

namespace ringmaster::sharding {

// Part `index` of `count`, from 1.
struct Part {
  std::uint32_t index = 1, count = 1;
  [[nodiscard]] bool whole() const { return count == 1; }
  // Whether it packs shard `number` of the `shards` that are planned: each part has a run of them.
  [[nodiscard]] bool owns(std::size_t number, std::size_t shards) const {
    return number >= shards * (index - 1) / count && number < shards * index / count;
  }
};

// "2/3". Error{kInvalidArgument} for anything else.
[[nodiscard]] Part parse_part(const std::string& text);

// "part-00002-of-00003.json": a manifest whose shards of other parts have no record and no byte.
[[nodiscard]] std::string part_file_name(const Part& part);

// What a part's file says of a shard that another part packs.
[[nodiscard]] shard::ShardSummary not_packed();

// Joins the parts that lie in `folder`, checks every shard, writes the manifest and removes the
// parts' files. The manifest is byte for byte that of a pack in one piece.
// Error{kInvalidArgument} where there is no part, Error{kBadData} naming a part that is missing, of
// another pack, or damaged; the folder is then as it was.
shard::Manifest merge_parts(FileSystem& files, const std::string& folder);

}  // namespace ringmaster::sharding
