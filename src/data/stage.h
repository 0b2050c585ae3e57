// Copies of shards on a node's own disk, made once a node and used by all of its ranks and by later
// runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/file.h"
#include "shard/manifest.h"

namespace ringmaster::data {

// STAGE/HASH, with the data set's hash: the same on every node and in every run, and another one
// for another data set.
[[nodiscard]] std::string stage_folder(const std::string& stage, const shard::Manifest& manifest);

struct StageReport {
  std::string folder;
  std::uint64_t copied = 0, copied_bytes = 0;  // shards
  std::uint64_t reused = 0;                    // shards that were there, and whose hash was right
};

// Sees to it that the shards `names` of the data set in `folder` lie in stage_folder(), under their
// own names, whole: a copy that is there is read and kept where its hash is the manifest's; one
// that is missing or damaged is copied, hashed on the way, synced and renamed. Nothing is ever
// removed. Two jobs on one node wait for each other (a lock file beside the folder; the kernel
// lifts the lock of a job that dies). Reads and writes on `threads` threads.
//
// Error{kIo} with both numbers where the disk has too little room, before anything is copied;
// Error{kBadData} naming a shard whose source is damaged; Error{kTimeout} where another job holds
// the lock when the deadline passes.
[[nodiscard]] StageReport stage_shards(FileSystem& files, const std::string& folder,
                                       const shard::Manifest& manifest,
                                       const std::vector<std::string>& names,
                                       const std::string& stage, int threads, Deadline deadline);

}  // namespace ringmaster::data
