#include "sharding/audit_report.h"

#include <algorithm>
#include <iomanip>

#include "base/check.h"
#include "base/hash.h"
#include "sharding/progress_line.h"

namespace ringmaster::sharding {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormatName = "ringmaster audit";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kShownNames = 10;
constexpr std::uint64_t kLimitBytes = std::uint64_t{1} << 30;

Json class_row(const AuditReport& report, const AuditedSplit& split, bool largest) {
  const auto& counts = split.class_counts;
  const auto found = largest ? std::max_element(counts.begin(), counts.end())
                             : std::min_element(counts.begin(), counts.end());
  return {{"name", report.classes.at(static_cast<std::size_t>(found - counts.begin()))},
          {"images", *found}};
}

Json to_json(const AuditReport& report, const AuditedSplit& split) {
  Json counts = Json::object(), groups = Json::array();
  for (const FindingKind kind : all_kinds()) {
    if (const std::uint64_t count = AuditReport::count(split, kind); count > 0)
      counts[name_of(kind)] = count;
  }
  for (const AuditGroup& group : split.groups) {
    Json row = Json::object();
    if (!group.shard.empty()) row["shard"] = group.shard;
    row.update(to_json(group.notes));
    groups.push_back(std::move(row));
  }
  return {{"name", split.name},
          {"images", split.images},
          {"bytes", split.bytes},
          {"classes", split.class_counts.size()},
          {"smallest_class", class_row(report, split, false)},
          {"largest_class", class_row(report, split, true)},
          {"counts", counts},
          {"groups", groups}};
}

Json to_json(const AuditReport& report) {
  Json splits = Json::array(), duplicates = Json::array();
  for (const AuditedSplit& split : report.splits) splits.push_back(to_json(report, split));
  for (const Duplicate& group : report.duplicates) {
    duplicates.push_back({{"names", group.names},
                          {"bytes", group.size_bytes},
                          {"hash", hex64(group.hash)},
                          {"across_splits", group.across_splits},
                          {"across_classes", group.across_classes}});
  }
  Json json = {{"format", kFormatName}, {"version", kVersion}};
  if (!report.data_set.empty()) json["data_set"] = report.data_set;
  json["source"] = report.source;
  json["check"] = report.check;
  json["splits"] = splits;
  json["duplicates"] = duplicates;
  json["unmet"] = report.unmet;
  return json;
}

const char* meaning(FindingKind kind) {
  if (is_bad(kind)) return "can't be used";
  return is_fixable(kind) ? "--bad fix transcodes them" : "for information";
}

void print_names(std::ostream& out, const std::vector<std::string>& rows, std::uint64_t count,
                 const std::string& whole) {
  for (const std::string& row : rows) out << "    " << row << '\n';
  if (count > rows.size())
    out << "    ... " << with_commas(count - rows.size()) << " more"
        << (whole.empty() ? "" : ", in " + whole) << '\n';
}

void print_kind(std::ostream& out, const AuditReport& report, FindingKind kind,
                const std::string& whole) {
  std::uint64_t count = 0;
  std::vector<std::string> rows;
  for (const AuditedSplit& split : report.splits) {
    count += AuditReport::count(split, kind);
    for (const AuditGroup& group : split.groups) {
      for (const AuditEntry& entry : group.notes.entries) {
        if (entry.kind == kind && rows.size() < kShownNames)
          rows.push_back(
              join_text(entry.where.empty() ? entry.name : entry.where, ": ", entry.detail));
      }
    }
  }
  if (count == 0) return;
  out << "  " << name_of(kind) << ": " << with_commas(count) << " (" << meaning(kind) << ")\n";
  print_names(out, rows, count, whole);
}

void print_duplicates(std::ostream& out, const AuditReport& report, const std::string& whole) {
  if (report.duplicates.empty()) return;
  std::uint64_t splits = 0, classes = 0;
  std::vector<std::string> rows;
  for (const Duplicate& group : report.duplicates) {
    splits += group.across_splits ? 1 : 0;
    classes += group.across_classes ? 1 : 0;
    if (rows.size() == kShownNames) continue;
    std::string row;
    for (std::size_t i = 0; i < std::min(group.names.size(), kShownNames); ++i)
      row += (i == 0 ? "" : " = ") + group.names[i];
    if (group.names.size() > kShownNames)
      row += join_text(" and ", with_commas(group.names.size() - kShownNames), " more");
    rows.push_back(row);
  }
  out << "  duplicate: " << with_commas(report.duplicates.size())
      << " groups of images with the same bytes, " << with_commas(splits) << " across splits, "
      << with_commas(classes) << " across classes\n";
  print_names(out, rows, report.duplicates.size(), whole);
}

}  // namespace

std::uint64_t AuditReport::count(const AuditedSplit& split, FindingKind kind) {
  std::uint64_t count = 0;
  for (const AuditGroup& group : split.groups) {
    const auto common = group.notes.common.find(name_of(kind));
    if (common != group.notes.common.end()) count += common->second;
    count += static_cast<std::uint64_t>(
        std::count_if(group.notes.entries.begin(), group.notes.entries.end(),
                      [&](const AuditEntry& entry) { return entry.kind == kind; }));
  }
  return count;
}

bool AuditReport::failed() const {
  bool bad = !unmet.empty();
  for (const AuditedSplit& split : splits) {
    for (const AuditGroup& group : split.groups) {
      for (const AuditEntry& entry : group.notes.entries)
        bad = bad || (is_bad(entry.kind) && entry.action == Action::kKept);
    }
  }
  return bad;
}

std::string to_text(const AuditReport& report) {
  return to_json(report).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void print_report(std::ostream& out, const AuditReport& report, const std::string& whole) {
  for (const AuditedSplit& split : report.splits) {
    const Json smallest = class_row(report, split, false), largest = class_row(report, split, true);
    out << "  " << split.name << ": " << with_commas(split.images) << " images, "
        << with_commas(split.bytes) << " bytes, " << split.class_counts.size() << " classes of "
        << with_commas(smallest["images"].get<std::uint64_t>()) << " to "
        << with_commas(largest["images"].get<std::uint64_t>()) << " images\n";
  }
  for (const FindingKind kind : all_kinds()) print_kind(out, report, kind, whole);
  print_duplicates(out, report, whole);
  for (const std::string& sentence : report.unmet) out << "  not as expected: " << sentence << '\n';
}

void print_summary(std::ostream& out, FileSystem& files, const std::string& folder) {
  const std::string path = join_path(folder, kAuditName);
  if (!files.exists(path)) return;
  const Json json = Json::parse(read_text(files, path, kLimitBytes), nullptr,
                                /*allow_exceptions=*/false);
  try {
    std::map<std::string, std::uint64_t> counts;
    for (const Json& split : json.at("splits")) {
      for (const auto& [kind, count] : split.at("counts").items())
        counts[kind] += count.get<std::uint64_t>();
    }
    std::string text;
    const auto add = [&](const std::string& kind, std::uint64_t count) {
      if (count > 0) text += (text.empty() ? "" : ", ") + with_commas(count) + " " + kind;
    };
    for (const FindingKind kind : all_kinds()) add(name_of(kind), counts[name_of(kind)]);
    add("duplicate", json.at("duplicates").size());
    out << "  audit: " << (text.empty() ? "nothing" : text) << "; see " << path << '\n';
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kBadData, path + " is damaged: " + error.what());
  }
}

std::optional<std::map<std::string, AuditNotes>> read_audited_notes(FileSystem& files,
                                                                    const std::string& folder,
                                                                    const std::string& data_set) {
  const std::string path = join_path(folder, kAuditName);
  if (!files.exists(path)) return std::nullopt;
  const Json json = Json::parse(read_text(files, path, kLimitBytes), nullptr,
                                /*allow_exceptions=*/false);
  std::map<std::string, AuditNotes> notes;
  try {
    if (json.at("data_set").get<std::string>() != data_set) return std::nullopt;
    for (const Json& split : json.at("splits")) {
      for (const Json& group : split.at("groups")) {
        auto parsed = parse_notes(group);
        if (!parsed) return std::nullopt;
        notes.emplace(group.at("shard").get<std::string>(), std::move(*parsed));
      }
    }
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return notes;
}

}  // namespace ringmaster::sharding
