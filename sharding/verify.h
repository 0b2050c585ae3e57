// Reads every byte of a data set and says what is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/observer.h"

namespace ringmaster::sharding {

struct VerifyReport {
  std::uint64_t shards = 0, records = 0, bytes = 0;  // that were looked at
  std::vector<std::string> faults;  // "DIR/train-00003.rms record 17 (train/a/b.jpg): ..."
  bool stopped = false;
};

// Checks the manifest, then of every shard the header, tables, padding and both hashes, of every
// record its hash, that its image decodes and has the size that the tables say, and the counts per
// class. A fault doesn't end it. Error{kIo} or Error{kBadData} where the manifest itself can't be
// read: there is nothing to hold the shards against.
[[nodiscard]] VerifyReport verify(FileSystem& files, const std::string& folder, int workers,
                                  Observer& observer);

}  // namespace ringmaster::sharding
