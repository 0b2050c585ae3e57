#include "sharding/parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <vector>

#include "base/check.h"
#include "shard/shard_check.h"
#include "sharding/pack_audit.h"

namespace ringmaster::sharding {
namespace {

constexpr std::uint32_t kMaxParts = 99999;

bool packed_here(const shard::ShardEntry& entry) {
  return entry.summary.file_bytes > 0;
}

// Takes `part`'s shards, counts and dropped files into `whole`.
void add(shard::Manifest& whole, const shard::Manifest& part, const std::string& path) {
  shard::Manifest a = whole, b = part;
  for (shard::Manifest* manifest : {&a, &b}) {
    for (shard::SplitEntry& split : manifest->splits) {
      split.class_counts.assign(manifest->classes.size(), 0);
      split.dropped.clear();
      split.fixed.clear();
      for (shard::ShardEntry& entry : split.shards) entry.summary = {};
    }
  }
  RM_REQUIRE(a == b, ErrorKind::kBadData, path,
             " is of another pack than the part before it: all parts need the same source, options "
             "and program");
  for (std::size_t s = 0; s < whole.splits.size(); ++s) {
    shard::SplitEntry& to = whole.splits[s];
    const shard::SplitEntry& from = part.splits[s];
    for (std::size_t label = 0; label < to.class_counts.size(); ++label)
      to.class_counts[label] += from.class_counts[label];
    to.dropped.insert(to.dropped.end(), from.dropped.begin(), from.dropped.end());
    to.fixed.insert(to.fixed.end(), from.fixed.begin(), from.fixed.end());
    for (std::size_t i = 0; i < to.shards.size(); ++i) {
      if (packed_here(from.shards[i])) to.shards[i] = from.shards[i];
    }
  }
}

// The names of the parts in `folder`, all of one pack of `count` parts.
std::vector<std::string> part_paths(FileSystem& files, const std::string& folder) {
  Part part{0, 0};
  for (const std::string& name : files.list(folder)) {
    unsigned index = 0, count = 0;
    if (std::sscanf(name.c_str(), "part-%5u-of-%5u.json", &index, &count) == 2 &&
        name == part_file_name({index, count}))
      part.count = std::max<std::uint32_t>(part.count, count);
  }
  RM_REQUIRE(part.count > 0, ErrorKind::kInvalidArgument, "no parts to merge in ", folder,
             ": `pack --part I/N` leaves part-I-of-N.json there");
  std::vector<std::string> paths;
  while (part.index++ < part.count) {
    paths.push_back(join_path(folder, part_file_name(part)));
    RM_REQUIRE(files.exists(paths.back()), ErrorKind::kBadData, paths.back(),
               " is missing: pack --part ", part.index, "/", part.count, " has not finished");
  }
  return paths;
}

}  // namespace

Part parse_part(const std::string& text) {
  Part part{0, 0};
  const char* const end = text.data() + text.size();
  const auto [slash, first] = std::from_chars(text.data(), end, part.index);
  bool good = first == std::errc() && slash != end && *slash == '/';
  if (good) {
    const auto [rest, second] = std::from_chars(slash + 1, end, part.count);
    good = second == std::errc() && rest == end && part.index >= 1 && part.index <= part.count &&
           part.count <= kMaxParts;
  }
  RM_REQUIRE(good, ErrorKind::kInvalidArgument, "--part takes I/N with 1 <= I <= N, not '", text,
             "'");
  return part;
}

std::string part_file_name(const Part& part) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "part-%05u-of-%05u.json", part.index, part.count);
  return name.data();
}

shard::ShardSummary not_packed() {
  return {.hash = std::string(32, '0'), .index_hash = std::string(16, '0')};
}

shard::Manifest merge_parts(FileSystem& files, const std::string& folder) {
  const std::vector<std::string> paths = part_paths(files, folder);
  shard::Manifest whole = shard::parse_manifest(read_text(files, paths[0]), paths[0]);
  for (std::size_t i = 1; i < paths.size(); ++i)
    add(whole, shard::parse_manifest(read_text(files, paths[i]), paths[i]), paths[i]);
  for (const shard::SplitEntry& split : whole.splits) {
    for (std::uint32_t i = 0; i < split.shards.size(); ++i)
      (void)shard::open_shard(files, folder, whole, split, i);
  }
  write_merged_report(files, folder, whole);
  shard::write_manifest(files, folder, whole);
  remove_notes(files, folder);
  for (const std::string& path : paths) files.remove(path);
  return whole;
}

}  // namespace ringmaster::sharding
