#include "shard/shard_check.h"

#include "base/check.h"

namespace ringmaster::shard {

std::unique_ptr<ShardReader> open_shard(FileSystem& files, const std::string& folder,
                                        const Manifest& manifest, const SplitEntry& split,
                                        std::uint32_t index) {
  const ShardEntry& entry = split.shards.at(index);
  const std::string path = join_path(folder, entry.name);
  RM_REQUIRE(files.exists(path), ErrorKind::kIo, path, " is missing, but ", kManifestName,
             " lists it. Copy it again, or pack again");
  // Before anything else, since a truncated copy is the likeliest fault.
  const std::uint64_t size = files.size_bytes(path);
  RM_REQUIRE(size == entry.summary.file_bytes, ErrorKind::kBadData, path, " has ", size, " bytes, ",
             kManifestName, " says ", entry.summary.file_bytes,
             size < entry.summary.file_bytes ? ": it is truncated" : "",
             ". Copy it again, or pack again");
  auto opened = open_shard_file(files, manifest.container, path);
  const ShardReader& shard = *opened;
  const ShardIdentity& identity = shard.identity();
  RM_REQUIRE(identity.data_set == manifest.data_set, ErrorKind::kBadData, path,
             " belongs to another data set: its id is ", identity.data_set, ", that of ",
             kManifestName, " is ", manifest.data_set);
  RM_REQUIRE(identity.split == split.name && identity.index == index, ErrorKind::kBadData, path,
             " is shard ", identity.index, " of split ", identity.split, ", not shard ", index,
             " of ", split.name, ": was it renamed?");
  RM_REQUIRE(shard.records() == entry.summary.records, ErrorKind::kBadData, path, " has ",
             shard.records(), " records, ", kManifestName, " says ", entry.summary.records);
  RM_REQUIRE(shard.index_hash() == entry.summary.index_hash, ErrorKind::kBadData, path,
             ": its index hash is ", shard.index_hash(), ", ", kManifestName, " says ",
             entry.summary.index_hash);
  for (std::uint64_t record = 0; record < shard.records(); ++record) {
    RM_REQUIRE(shard.info(record).label < manifest.classes.size(), ErrorKind::kBadData, path,
               " record ", record, ": label is ", shard.info(record).label, " of ",
               manifest.classes.size(), " classes");
  }
  return opened;
}

}  // namespace ringmaster::shard
