// The audit that is made while a source is packed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/audit_report.h"
#include "sharding/record_maker.h"
#include "sharding/shard_plan.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// One thread. Everything that it is given must outlive it.
class PackAudit {
 public:
  PackAudit(FileSystem& files, const Source& source, const std::string& folder,
            const std::string& data_set, const std::vector<PlannedShard>& plan);

  // Of a shard that stays: takes the notes that lie beside it, or those in the report of a pack
  // that had finished. `left_out`: items that the shard lacks. False where nothing says why.
  [[nodiscard]] bool restore(std::size_t shard, const std::vector<std::uint32_t>& left_out);
  // Error{kBadData} naming a file that was left out of a shard that stays.
  void require_nothing_dropped(std::size_t shard) const;
  // Of a shard that is written: each item in turn.
  void take(std::size_t shard, const MadeRecord& made);
  // Before the shard gets its name.
  void finish_shard(std::size_t shard);

  // Puts what was dropped and fixed into the manifest.
  void complete(shard::Manifest& manifest) const;
  // Writes audit.json, when all shards are there.
  void write_report(const shard::Manifest& manifest);

 private:
  FileSystem& files_;
  const Source& source_;
  const std::string& folder_;
  const std::string& data_set_;
  const std::vector<PlannedShard>& plan_;
  std::vector<AuditNotes> notes_;  // by planned shard
  std::vector<std::size_t> taken_;
  // What an earlier pack that had finished says; read when it is asked for first.
  bool looked_for_finished_ = false;
  std::optional<std::map<std::string, AuditNotes>> finished_;
};

// Writes audit.json from the notes of all parts. Error{kBadData} naming the shard whose notes are
// missing.
void write_merged_report(FileSystem& files, const std::string& folder,
                         const shard::Manifest& manifest);

}  // namespace ringmaster::sharding
