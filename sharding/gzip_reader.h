// Reads a whole file into memory, unpacking it where its name ends in .gz.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::sharding {

// Memory grows with what is really there, never beyond `limit_bytes`. Error{kBadData} naming
// `path` for more than that, and for a .gz file that is damaged, truncated or followed by
// something else.
[[nodiscard]] std::vector<std::byte> read_maybe_gzip(FileSystem& files, const std::string& path,
                                                     std::uint64_t limit_bytes);

}  // namespace ringmaster::sharding
