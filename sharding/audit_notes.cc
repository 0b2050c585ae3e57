#include "sharding/audit_notes.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::sharding {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNotesEnding = ".audit";
constexpr std::array<const char*, 3> kActions = {"kept", "dropped", "fixed"};
constexpr std::size_t kHashDigits = 16;

bool needs_no_action(const AuditEntry& entry) {
  return entry.action == Action::kKept && !is_bad(entry.kind) && !is_fixable(entry.kind);
}

std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

AuditEntry parse_entry(const Json& json) {
  AuditEntry entry{.name = json.at("name").get<std::string>(),
                   .where = json.value("where", ""),
                   .kind = parse_kind(json.at("kind").get<std::string>()),
                   .detail = json.at("detail").get<std::string>(),
                   .original_hash = json.value("original_hash", "")};
  const auto action = std::find(kActions.begin(), kActions.end(), json.at("action"));
  RM_REQUIRE(action != kActions.end(), ErrorKind::kBadData, "unknown action");
  entry.action = static_cast<Action>(action - kActions.begin());
  return entry;
}

}  // namespace

void note(AuditNotes& notes, const Source& source, std::size_t split, std::size_t item,
          const std::vector<Finding>& findings) {
  if (findings.empty()) return;
  const std::string& name = source.splits()[split].items[item].name;
  const std::string where = source.locate(split, item);
  for (const Finding& finding : findings) {
    notes.entries.push_back({.name = name,
                             .where = where == name ? "" : where,
                             .kind = finding.kind,
                             .detail = finding.detail});
  }
}

void condense(AuditNotes& notes, std::uint64_t images) {
  std::map<FindingKind, std::uint64_t> counts;
  for (const AuditEntry& entry : notes.entries) {
    if (needs_no_action(entry)) ++counts[entry.kind];
  }
  std::erase_if(counts, [&](const auto& row) { return row.second <= images / 2; });
  for (const auto& [kind, count] : counts) notes.common[name_of(kind)] += count;
  std::erase_if(notes.entries, [&](const AuditEntry& entry) {
    return counts.contains(entry.kind) && needs_no_action(entry);
  });
}

void add_to_manifest(const AuditNotes& notes, shard::SplitEntry& split) {
  for (const AuditEntry& entry : notes.entries) {
    if (entry.action == Action::kDropped) split.dropped.push_back({entry.name, entry.detail});
    if (entry.action != Action::kFixed) continue;
    if (!split.fixed.empty() && split.fixed.back().name == entry.name) {
      split.fixed.back().reason += "; " + entry.detail;
    } else {
      split.fixed.push_back({entry.name, entry.detail, entry.original_hash});
    }
  }
}

Json to_json(const AuditNotes& notes) {
  Json findings = Json::array();
  for (const AuditEntry& entry : notes.entries) {
    Json row = {{"name", entry.name},
                {"kind", name_of(entry.kind)},
                {"detail", entry.detail},
                {"action", kActions.at(static_cast<std::size_t>(entry.action))}};
    if (!entry.where.empty()) row["where"] = entry.where;
    if (!entry.original_hash.empty()) row["original_hash"] = entry.original_hash;
    findings.push_back(std::move(row));
  }
  Json json = {{"findings", findings}};
  if (!notes.common.empty()) json["common"] = notes.common;
  return json;
}

std::optional<AuditNotes> parse_notes(const Json& json) {
  try {
    AuditNotes notes;
    for (const Json& row : json.at("findings")) notes.entries.push_back(parse_entry(row));
    if (json.contains("common"))
      notes.common = json.at("common").get<std::map<std::string, std::uint64_t>>();
    return notes;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string notes_name(const std::string& shard_name) {
  return shard_name + kNotesEnding;
}

// The hash of the rest, a line; then JSON.
void write_notes(FileSystem& files, const std::string& shard_path, const std::string& data_set,
                 const AuditNotes& notes) {
  Json json = to_json(notes);
  json["data_set"] = data_set;
  const std::string body = dump(json), text = hex64(xxh3_64(body)) + "\n" + body;
  const std::string path = notes_name(shard_path), temporary = path + ".tmp";
  const auto file = files.create(temporary);
  file->append(std::as_bytes(std::span(text)));
  file->close();
  files.rename(temporary, path);
}

std::optional<AuditNotes> read_notes(FileSystem& files, const std::string& shard_path,
                                     const std::string& data_set) {
  const std::string path = notes_name(shard_path);
  if (!files.exists(path)) return std::nullopt;
  const std::string text = read_text(files, path, std::uint64_t{1} << 30);
  if (text.size() <= kHashDigits) return std::nullopt;
  const std::string body = text.substr(kHashDigits + 1);
  if (text.substr(0, kHashDigits) != hex64(xxh3_64(body))) return std::nullopt;
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("data_set", "") != data_set) return std::nullopt;
  return parse_notes(json);
}

void remove_notes(FileSystem& files, const std::string& folder) {
  for (const std::string& name : files.list(folder)) {
    if (name.ends_with(kNotesEnding) || name.ends_with(std::string(kNotesEnding) + ".tmp"))
      files.remove(join_path(folder, name));
  }
}

}  // namespace ringmaster::sharding
