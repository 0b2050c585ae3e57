#include "sharding/convert.h"

#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "shard/shard_check.h"
#include "sharding/audit_report.h"
#include "sharding/ordered_work.h"
#include "sharding/pack_identity.h"
#include "sharding/pack_output.h"

namespace ringmaster::sharding {
namespace {

struct ShardPlace {
  const shard::SplitEntry* split;
  std::uint32_t index;
};

void require_empty(FileSystem& files, const std::string& folder) {
  for (const std::string& name : files.list(folder)) {
    RM_REQUIRE(!shard::is_shard_name(name) && name != shard::kManifestName,
               ErrorKind::kInvalidArgument, folder, " holds ", name,
               " already. Choose another --output, or remove what is there");
  }
}

shard::ShardSummary convert_shard(FileSystem& files, const ConvertOptions& options,
                                  const shard::Manifest& manifest, const ShardPlace& place) {
  const auto from = shard::open_shard(files, options.input, manifest, *place.split, place.index);
  const std::string name =
      shard::shard_file_name(place.split->name, place.index, options.container);
  const auto to =
      shard::make_shard_writer(files, options.container, join_path(options.output, name),
                               from->identity(), manifest.classes);
  shard::Record record;
  for (std::uint64_t i = 0; i < from->records(); ++i) {
    from->read(i, record);
    to->add(record.info, from->name(i), record.payload);
  }
  return to->finish();
}

// What was found in the source when it was packed is as true of the new shards, under their names.
void copy_audit(FileSystem& files, const ConvertOptions& options, const shard::Manifest& before,
                const shard::Manifest& after) {
  const std::string path = join_path(options.input, kAuditName);
  if (!files.exists(path)) return;
  auto report = nlohmann::ordered_json::parse(read_text(files, path), nullptr, false);
  RM_REQUIRE(report.is_object() && report.contains("splits"), ErrorKind::kBadData, path,
             " is damaged. Remove it to convert without it");
  std::map<std::string, std::string> renamed;
  for (std::size_t s = 0; s < before.splits.size(); ++s) {
    for (std::size_t i = 0; i < before.splits[s].shards.size(); ++i)
      renamed[before.splits[s].shards[i].name] = after.splits[s].shards[i].name;
  }
  for (auto& split : report["splits"]) {
    for (auto& group : split["groups"]) {
      const auto found = renamed.find(group.value("shard", ""));
      if (found != renamed.end()) group["shard"] = found->second;
    }
  }
  write_atomically(
      files, join_path(options.output, kAuditName),
      report.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace

shard::Manifest convert(FileSystem& files, const ConvertOptions& options, Observer& observer) {
  shard::Manifest manifest = shard::read_manifest(files, options.input);
  const shard::Manifest before = manifest;
  RM_REQUIRE(before.container != options.container, ErrorKind::kInvalidArgument, options.input,
             " has ", name_of(before.container), " shards already");
  files.make_dirs(options.output);
  require_empty(files, options.output);
  remove_unfinished(files, options.output);
  std::vector<ShardPlace> places;
  std::uint64_t records = 0, bytes = 0;
  for (const shard::SplitEntry& split : before.splits) {
    for (std::uint32_t i = 0; i < split.shards.size(); ++i) {
      places.push_back({&split, i});
      records += split.shards[i].summary.records;
      bytes += split.shards[i].summary.file_bytes;
    }
  }
  require_space(files, options.output, bytes + bytes / 64);
  observer.begin(records, bytes);
  OrderedWork<shard::ShardSummary> work(
      places.size(), {.workers = options.workers},
      {.cost_bytes = [](std::size_t) { return std::uint64_t{0}; },
       .make = [&](std::size_t i) { return convert_shard(files, options, before, places[i]); },
       .consume =
           [&](std::size_t i, const shard::ShardSummary& summary) {
             const auto split = static_cast<std::size_t>(places[i].split - before.splits.data());
             shard::ShardEntry& entry = manifest.splits[split].shards[places[i].index];
             observer.advance(summary.records, entry.summary.file_bytes);
             entry = {
                 shard::shard_file_name(places[i].split->name, places[i].index, options.container),
                 summary};
             return !observer.stop_requested();
           }});
  if (!work.run()) return {};
  copy_audit(files, options, before, manifest);
  manifest.container = options.container;
  set_container(manifest.options, options.container);
  shard::write_manifest(files, options.output, manifest);
  return manifest;
}

}  // namespace ringmaster::sharding
