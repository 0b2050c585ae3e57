// The arenas of a host's ranks, each mapped by all of them: anonymous memory that no name in any
// file system refers to, so that nothing is left behind however the ranks end.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "comm/control.h"
#include "comm/shared_page.h"

namespace ringmaster::comm {

// A mapping, unmapped with it.
class Block {
 public:
  Block(std::byte* base, std::size_t size_bytes) : base_(base), size_bytes_(size_bytes) {}
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  [[nodiscard]] std::byte* base() const { return base_; }

 private:
  std::byte* base_;
  std::size_t size_bytes_;
};

struct SharedMemory {
  std::vector<int> ranks;  // the members, ascending
  std::size_t self = 0;    // my place among them
  BlockLayout layout{0, 0};
  std::vector<std::shared_ptr<Block>> blocks;  // by member

  [[nodiscard]] SharedPage& page(std::size_t member) const {
    return *layout.page(blocks[member]->base());
  }
  [[nodiscard]] std::byte* arena(std::size_t member) const {
    return layout.arena(blocks[member]->base());
  }
};

// Collective over all of `control`; `ranks`: those that share memory with this one, itself
// included, ascending, the same list on each of them. Ranks that are threads of one process share
// its memory; processes map each other's memfd through /proc/PID/fd. Error{kIo} where there is not
// enough memory (it is allocated here, not at the first use) or the processes may not open each
// other's files.
[[nodiscard]] SharedMemory share_memory(ControlPlane& control, const std::vector<int>& ranks,
                                        std::size_t arena_bytes, Deadline deadline);

}  // namespace ringmaster::comm
