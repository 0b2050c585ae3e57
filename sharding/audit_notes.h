// What was noticed about the images of one shard. It lies beside the shard until the data set is
// finished, so that an interrupted pack goes on with it, and parts bring theirs to the merge.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/inspect_image.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// What became of an image.
enum class Action { kKept, kDropped, kFixed };

struct AuditEntry {
  std::string name;   // of the item
  std::string where;  // as Source::locate(); empty where it is the name
  FindingKind kind = FindingKind::kDamaged;
  std::string detail;
  Action action = Action::kKept;
  std::string original_hash;  // XXH3-128 of a fixed file as it was, 32 hex digits
  bool operator==(const AuditEntry&) const = default;
};

struct AuditNotes {
  std::vector<AuditEntry> entries;              // in the order of the items
  std::map<std::string, std::uint64_t> common;  // kind and count of what is counted, not listed
  bool operator==(const AuditNotes&) const = default;
};

// Adds what was noticed about an item of `source` that is kept.
void note(AuditNotes& notes, const Source& source, std::size_t split, std::size_t item,
          const std::vector<Finding>& findings);

// Moves kinds that more than half of `images` images have and that need no action (grey, tiny, ...)
// to `common`: that is then how the data set is, and a million lines would hide the rest.
void condense(AuditNotes& notes, std::uint64_t images);

// What the notes mean for a split of the manifest: its lists of dropped and fixed files grow.
void add_to_manifest(const AuditNotes& notes, shard::SplitEntry& split);

[[nodiscard]] nlohmann::ordered_json to_json(const AuditNotes& notes);
// Nothing where `json` is not what to_json() makes.
[[nodiscard]] std::optional<AuditNotes> parse_notes(const nlohmann::ordered_json& json);

// "train-00003.rms" -> "train-00003.rms.audit"
[[nodiscard]] std::string notes_name(const std::string& shard_name);

// Beside the shard that will lie at `shard_path`. Not synced: notes that are damaged are not read.
void write_notes(FileSystem& files, const std::string& shard_path, const std::string& data_set,
                 const AuditNotes& notes);
// Nothing where they are missing, damaged or of another data set.
[[nodiscard]] std::optional<AuditNotes> read_notes(FileSystem& files, const std::string& shard_path,
                                                   const std::string& data_set);
// All in `folder`; for when the report is written.
void remove_notes(FileSystem& files, const std::string& folder);

}  // namespace ringmaster::sharding
