#include "sharding/pack_audit.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "sharding/duplicates.h"

namespace ringmaster::sharding {
namespace {

std::string option_of(const shard::Manifest& manifest, const std::string& key) {
  for (const auto& [name, value] : manifest.options) {
    if (name == key) return value;
  }
  return "";
}

void write_report_of(FileSystem& files, const std::string& folder, const shard::Manifest& manifest,
                     const std::function<const AuditNotes&(const std::string&)>& notes_of) {
  AuditReport report{.data_set = manifest.data_set,
                     .source = manifest.source,
                     .check = option_of(manifest, "check"),
                     .classes = manifest.classes};
  for (const shard::SplitEntry& split : manifest.splits) {
    AuditedSplit audited{
        .name = split.name, .images = split.records(), .class_counts = split.class_counts};
    for (const shard::ShardEntry& shard : split.shards) {
      const AuditNotes& notes = notes_of(shard.name);
      if (!notes.entries.empty() || !notes.common.empty())
        audited.groups.push_back({shard.name, notes});
    }
    report.splits.push_back(std::move(audited));
  }
  std::vector<ImageKey> keys = packed_keys(files, folder, manifest);
  for (const ImageKey& key : keys) report.splits[key.split].bytes += key.size_bytes;
  report.duplicates = find_packed_duplicates(files, folder, manifest, std::move(keys));
  write_atomically(files, join_path(folder, kAuditName), to_text(report));
}

}  // namespace

PackAudit::PackAudit(FileSystem& files, const Source& source, const std::string& folder,
                     const std::string& data_set, const std::vector<PlannedShard>& plan)
    : files_(files),
      source_(source),
      folder_(folder),
      data_set_(data_set),
      plan_(plan),
      notes_(plan.size()),
      taken_(plan.size()) {}

bool PackAudit::restore(std::size_t shard, const std::vector<std::uint32_t>& left_out) {
  const PlannedShard& planned = plan_[shard];
  auto found = read_notes(files_, join_path(folder_, planned.name), data_set_);
  if (!found) {
    if (!looked_for_finished_) finished_ = read_audited_notes(files_, folder_, data_set_);
    looked_for_finished_ = true;
    if (!finished_) return false;
    found = (*finished_)[planned.name];
  }
  std::vector<std::string> dropped, missing;
  for (const AuditEntry& entry : found->entries) {
    if (entry.action == Action::kDropped) dropped.push_back(entry.name);
  }
  for (const std::uint32_t item : left_out)
    missing.push_back(source_.splits()[planned.split].items[item].name);
  if (dropped != missing) return false;
  notes_[shard] = std::move(*found);
  write_notes(files_, join_path(folder_, planned.name), data_set_, notes_[shard]);
  return true;
}

void PackAudit::require_nothing_dropped(std::size_t shard) const {
  for (const AuditEntry& entry : notes_[shard].entries) {
    if (entry.action == Action::kDropped)
      fail_bad(entry.where.empty() ? entry.name : entry.where, entry.detail);
  }
}

void PackAudit::take(std::size_t shard, const MadeRecord& made) {
  const PlannedShard& planned = plan_[shard];
  const std::size_t item = planned.items.at(taken_[shard]++);
  AuditNotes& notes = notes_[shard];
  const std::size_t before = notes.entries.size();
  note(notes, source_, planned.split, item, made.findings);
  for (std::size_t i = before; i < notes.entries.size(); ++i) {
    AuditEntry& entry = notes.entries[i];
    if (!made.dropped.empty() && is_bad(entry.kind)) entry.action = Action::kDropped;
    if (made.original_hash.empty() || !is_fixable(entry.kind)) continue;
    entry.action = Action::kFixed;
    entry.original_hash = made.original_hash;
  }
}

void PackAudit::finish_shard(std::size_t shard) {
  condense(notes_[shard], plan_[shard].items.size());
  write_notes(files_, join_path(folder_, plan_[shard].name), data_set_, notes_[shard]);
}

void PackAudit::complete(shard::Manifest& manifest) const {
  for (std::size_t s = 0; s < plan_.size(); ++s)
    add_to_manifest(notes_[s], manifest.splits[plan_[s].split]);
}

void PackAudit::write_report(const shard::Manifest& manifest) {
  std::map<std::string, const AuditNotes*> by_name;
  for (std::size_t s = 0; s < plan_.size(); ++s) by_name[plan_[s].name] = &notes_[s];
  write_report_of(files_, folder_, manifest,
                  [&](const std::string& name) -> const AuditNotes& { return *by_name.at(name); });
}

void write_merged_report(FileSystem& files, const std::string& folder,
                         const shard::Manifest& manifest) {
  AuditNotes notes;
  write_report_of(files, folder, manifest, [&](const std::string& name) -> const AuditNotes& {
    auto found = read_notes(files, join_path(folder, name), manifest.data_set);
    RM_REQUIRE(found.has_value(), ErrorKind::kBadData, join_path(folder, notes_name(name)),
               " is missing or damaged. Remove the shard ", name,
               ", and let its part be packed again");
    notes = std::move(*found);
    return notes;
  });
}

}  // namespace ringmaster::sharding
