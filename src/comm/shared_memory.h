// Memory of a host's ranks, each one's mapped by all of them: anonymous memory that no name in any
// file system refers to, so that nothing is left behind however the ranks end.
#pragma once

#include <cstddef>
#include <functional>
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
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* base_;
  std::size_t size_bytes_;
};

// Each rank's block, in the order of `ranks`. Collective over all of `control`; `ranks`: those that
// share memory with this one, itself included, ascending, the same list on each of them.
// `size_bytes`: of this rank's block, page-aligned and zeroed, which `prepare` sees before any
// other rank does (may be empty); 0: it has none, and its place holds null. Ranks that are threads
// of one process share its memory; processes map each other's memfd through /proc/PID/fd.
// Error{kIo} where there is not enough memory (it is allocated here, not at the first use) or the
// processes may not open each other's files.
[[nodiscard]] std::vector<std::shared_ptr<Block>> share_blocks(
    ControlPlane& control, const std::vector<int>& ranks, std::size_t size_bytes,
    const std::function<void(std::byte*)>& prepare, Deadline deadline);

// The arenas, with what goes beside each.
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

// As share_blocks; the arenas of all `ranks` have the same size.
[[nodiscard]] SharedMemory share_memory(ControlPlane& control, const std::vector<int>& ranks,
                                        std::size_t arena_bytes, Deadline deadline);

}  // namespace ringmaster::comm
