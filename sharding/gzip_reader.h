// What zlib has packed: whole files whose names end in .gz, and the streams inside other formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::sharding {

// Reads a whole file into memory, unpacking it where its name ends in .gz.
// Memory grows with what is really there, never beyond `limit_bytes`. Error{kBadData} naming
// `path` for more than that, and for a .gz file that is damaged, truncated or followed by
// something else.
[[nodiscard]] std::vector<std::byte> read_maybe_gzip(FileSystem& files, const std::string& path,
                                                     std::uint64_t limit_bytes);

// Unpacks one zlib stream (RFC 1950), with the same promise about memory. `name` stands for it in
// messages. Error{kBadData} where it is damaged, unpacks to more than `limit_bytes`, or does not
// end with `packed`.
[[nodiscard]] std::vector<std::byte> unpack_zlib(std::span<const std::byte> packed,
                                                 const std::string& name,
                                                 std::uint64_t limit_bytes);

}  // namespace ringmaster::sharding
