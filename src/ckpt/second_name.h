#pragma once

#include <string>

#include "base/file.h"

namespace ringmaster::ckpt {

// `to`, which must not exist, becomes another name of the complete file `from`, on disk as `from`
// is: a hard link, or where the file system has none a synced copy of the bytes. Returns the bytes
// that were written: 0 for a link. Error{kIo} before anything is written where a copy has no room.
std::uint64_t give_second_name(FileSystem& files, const std::string& from, const std::string& to);

}  // namespace ringmaster::ckpt
