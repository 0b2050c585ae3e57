// Packs a source into a data set: shards first, the manifest last.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/observer.h"
#include "sharding/parts.h"
#include "sharding/record_maker.h"
#include "sharding/reshape.h"
#include "sharding/shard_plan.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

struct PackOptions {
  std::string output;  // folder; made where it is missing
  // These decide the bytes.
  PlanOptions plan;
  CheckDepth check = CheckDepth::kHeader;
  BadPolicy bad = BadPolicy::kFail;
  ReshapeOptions reshape;
  // These don't.
  int workers = 1;
  // Images that are held at once, at most; 16 MiB a worker are used of it.
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  Part part;               // pack only these shards, and leave a file for merge_parts()
  bool overwrite = false;  // replace another data set that lies in `output`
  std::string packer;      // program and version, for the manifest
};

enum class PackOutcome {
  kPacked,
  kAlreadyPacked,  // nothing was written
  kStopped,        // finished shards are kept, and the same call goes on from them
};

struct PackResult {
  PackOutcome outcome = PackOutcome::kPacked;
  shard::Manifest manifest;  // empty when stopped
};

// Whole shards of an interrupted pack of the same source with the same options are verified and
// kept; anything unfinished or damaged is made again. Whatever ends it - an error, a stop, kill -9
// - `output` holds no manifest before all is done, and no damaged shard under a shard's name.
//
// Error{kBadData} naming the file for one that is no sound image; Error{kInvalidArgument} where
// `output` holds another data set; Error{kIo} for a full disk, which is checked before as well.
// What is noticed about the images goes to audit.json in `output`, a part's notes beside its
// shards. One pack at a time may write to `output`, or several that pack different parts of one
// count: the caller holds an OutputLock.
[[nodiscard]] PackResult pack(FileSystem& files, const Source& source, const PackOptions& options,
                              Observer& observer);

}  // namespace ringmaster::sharding
