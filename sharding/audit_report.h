// The report of an audit: what is in a data set, and what is wrong in it.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/audit_notes.h"

namespace ringmaster::sharding {

// In a packed data set's folder.
inline constexpr const char* kAuditName = "audit.json";

struct AuditGroup {
  std::string shard;  // empty where nothing is packed
  AuditNotes notes;
};

struct AuditedSplit {
  std::string name;
  std::uint64_t images = 0, bytes = 0;      // that are listed, or packed
  std::vector<std::uint64_t> class_counts;  // by label
  std::vector<AuditGroup> groups;           // those with something in them
};

// Images with the same bytes.
struct Duplicate {
  std::uint64_t hash = 0, size_bytes = 0;  // XXH3-64
  std::vector<std::string> names;          // which begin with the split's
  bool across_splits = false;              // validation images that training sees
  bool across_classes = false;
};

struct AuditReport {
  std::string data_set;  // its id; empty where nothing is packed
  std::string source, check;
  std::vector<std::string> classes;
  std::vector<AuditedSplit> splits;
  std::vector<Duplicate> duplicates;
  std::vector<std::string> unmet;  // sentences on what --expect asked for and is not so

  // Findings of `kind` in all groups of a split, those that are not listed too.
  [[nodiscard]] static std::uint64_t count(const AuditedSplit& split, FindingKind kind);
  // Whether there is an image that training can't use and that was not left out, or something that
  // was expected is not so.
  [[nodiscard]] bool failed() const;
};

// The same text for the same report.
[[nodiscard]] std::string to_text(const AuditReport& report);

// Counts a line, then what was found by kind, with the names of the first few; `whole` says where
// all of them are.
void print_report(std::ostream& out, const AuditReport& report, const std::string& whole);

// One line on the report in `folder`: "audit: 22 cmyk, 1 png_as_jpeg, 3 duplicate; see ...". None
// where there is no report (an older version packed). Error{kBadData} where it is damaged.
void print_summary(std::ostream& out, FileSystem& files, const std::string& folder);

// The notes of each shard out of the report of a finished data set, by the shard's name. Nothing
// where the file is missing, damaged or of another data set.
[[nodiscard]] std::optional<std::map<std::string, AuditNotes>> read_audited_notes(
    FileSystem& files, const std::string& folder, const std::string& data_set);

}  // namespace ringmaster::sharding
