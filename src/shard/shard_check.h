// Whether a shard file is the one that the manifest speaks of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "shard/manifest.h"
#include "shard/shard_reader.h"

namespace ringmaster::shard {

// Opens shard `index` of `split` in `folder`, and checks that header, counts, size, index hash and
// labels are what `manifest` says. The index hash stands for every byte of the file, but only
// reading a record (or hash_file()) shows whether the payload still has them. Error{kIo} where the
// file is missing, Error{kBadData} naming it and what differs.
[[nodiscard]] std::unique_ptr<ShardReader> open_shard(FileSystem& files, const std::string& folder,
                                                      const Manifest& manifest,
                                                      const SplitEntry& split, std::uint32_t index);

}  // namespace ringmaster::shard
