// Where the members of a tar archive lie: the headers are read, the contents are passed over.
//
// The formats are POSIX.1-1988 (ustar), POSIX.1-2001 (pax) and GNU's long names and sizes
// (https://www.gnu.org/software/tar/manual/html_node/Standard.html). Walked by our own code because
// members are then read at random, from any thread, also in an archive that is a member of another:
// libarchive reads front to back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::sharding {

struct TarMember {
  std::string name;                // without a leading "./"
  std::uint64_t offset_bytes = 0;  // of its content, in the file
  std::uint64_t size_bytes = 0;
};

// Where an archive lies in a file. `name` stands for it in messages.
struct TarExtent {
  std::string name;
  std::uint64_t offset_bytes = 0, size_bytes = 0;
};

// The regular files, in the archive's order. Folders and links are passed over. Error{kBadData}
// naming archive and byte for a damaged header, for a member that reaches beyond the end, for an
// archive without its end mark (two blocks of zeros; it was cut off between two members), for a
// compressed one and for a name that leads out of the folder.
[[nodiscard]] std::vector<TarMember> list_tar(const ReadableFile& file, const TarExtent& extent);

}  // namespace ringmaster::sharding
