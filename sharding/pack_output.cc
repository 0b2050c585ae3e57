#include "sharding/pack_output.h"

#include <algorithm>

#include "base/check.h"
#include "shard/manifest.h"
#include "shard/shard_format.h"
#include "sharding/audit_report.h"

namespace ringmaster::sharding {
namespace {

// The plan's items that the shard has no record of: its records are the others, in the same order.
std::vector<std::uint32_t> missing_items(const shard::ShardReader& shard, const PlannedShard& plan,
                                         const SourceSplit& split) {
  std::vector<std::uint32_t> missing;
  std::uint64_t record = 0;
  std::string name = shard.records() > 0 ? shard.name(0) : "";
  for (const std::uint32_t item : plan.items) {
    if (record == shard.records() || split.items[item].name != name) {
      missing.push_back(item);
      continue;
    }
    ++record;
    if (record < shard.records()) name = shard.name(record);
  }
  RM_REQUIRE(record == shard.records(), ErrorKind::kBadData, shard.path(), " record ", record, ": ",
             name, " is not what the plan has there");
  return missing;
}

}  // namespace

std::optional<KeptShard> examine_shard(FileSystem& files, shard::Container container,
                                       const std::string& path,
                                       const shard::ShardIdentity& identity,
                                       const PlannedShard& plan, const SourceSplit& split,
                                       std::string& why) {
  if (!files.exists(path)) return std::nullopt;
  try {
    const auto opened = shard::open_shard_file(files, container, path);
    const shard::ShardReader& shard = *opened;
    RM_REQUIRE(shard.identity() == identity, ErrorKind::kInvalidArgument, path,
               " belongs to a pack of another source or with other options. Choose another "
               "--output, or replace it with --overwrite");
    KeptShard kept;
    shard::Record record;
    for (std::uint64_t i = 0; i < shard.records(); ++i) {
      shard.read(i, record);
      kept.labels.push_back(record.info.label);
    }
    kept.left_out = missing_items(shard, plan, split);
    kept.summary = {shard.records(), shard.file_bytes(), shard::hash_file(files, path),
                    shard.index_hash()};
    return kept;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
    why = error.what();
    return std::nullopt;
  }
}

void refuse_strange_shards(FileSystem& files, const std::string& folder,
                           const std::vector<PlannedShard>& plan) {
  for (const std::string& name : files.list(folder)) {
    const bool planned = std::any_of(plan.begin(), plan.end(),
                                     [&](const PlannedShard& shard) { return shard.name == name; });
    RM_REQUIRE(!shard::is_shard_name(name) || planned, ErrorKind::kInvalidArgument,
               join_path(folder, name),
               " is no part of this pack. Choose another --output, or replace what is there with "
               "--overwrite");
  }
}

void remove_unfinished(FileSystem& files, const std::string& folder) {
  for (const std::string& name : files.list(folder)) {
    if (shard::is_unfinished_shard_name(name)) files.remove(join_path(folder, name));
  }
}

void remove_data_set(FileSystem& files, const std::string& folder) {
  const std::string manifest = join_path(folder, shard::kManifestName);
  if (files.exists(manifest)) files.remove(manifest);
  files.sync_dir(folder);
  for (const std::string& name : files.list(folder)) {
    const bool of_a_part = name.starts_with("part-") && name.ends_with(".json");
    if (name == kAuditName || shard::is_shard_name(name) || of_a_part)
      files.remove(join_path(folder, name));
  }
  remove_notes(files, folder);
  remove_unfinished(files, folder);
}

void require_space(FileSystem& files, const std::string& folder, std::uint64_t needed_bytes) {
  const std::uint64_t free_bytes = files.free_bytes(folder);
  RM_REQUIRE(needed_bytes <= free_bytes, ErrorKind::kIo, "the disk of ", folder, " has ",
             free_bytes >> 20, " MiB free, the shards need about ", (needed_bytes >> 20) + 1,
             " MiB. Free some, or choose another --output");
}

std::uint64_t estimated_bytes(const PlannedShard& shard, const SourceSplit& split) {
  std::uint64_t bytes = shard.payload_bytes + 4096;
  for (const std::uint32_t item : shard.items)
    bytes += shard::kRecordEntryBytes + sizeof(std::uint64_t) + split.items[item].name.size();
  return bytes;
}

}  // namespace ringmaster::sharding
