#include "comm/shared_memory.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "comm/process_state.h"

namespace ringmaster::comm {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

std::shared_ptr<Block> map(int file, std::size_t size_bytes, const std::string& whose) {
  // Populated at once: else the first step pays a page fault per page, for every rank's arena.
  void* base =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (base == MAP_FAILED) {
    throw io_error(join_text("mapping ", size_bytes, " bytes of ", whose), errno);
  }
  return std::make_shared<Block>(static_cast<std::byte*>(base), size_bytes);
}

// A new block of mine: allocated now, so that a lack of memory is an error here and not a SIGBUS
// later.
std::shared_ptr<Block> make_block(const Descriptor& file, const BlockLayout& layout) {
  const std::size_t size_bytes = layout.block_bytes();
  if (file.value() < 0) throw io_error("memfd_create", errno);
  if (::ftruncate(file.value(), static_cast<off_t>(size_bytes)) != 0 ||
      ::fallocate(file.value(), 0, 0, static_cast<off_t>(size_bytes)) != 0) {
    throw io_error(join_text("allocating ", size_bytes,
                             " bytes of shared memory for the gradient arena (is the memory limit "
                             "of this job or container too small?)"),
                   errno);
  }
  std::shared_ptr<Block> block = map(file.value(), size_bytes, "this rank's arena");
  layout.construct(block->base());
  SharedPage& page = *layout.page(block->base());
  page.pid = ::getpid();
  const std::optional<ProcessState> state = process_state(page.pid);
  RM_REQUIRE(state.has_value(), ErrorKind::kIo, "/proc/", page.pid,
             "/stat can't be read: is /proc mounted?");
  page.start_ticks = state->start_ticks;
  return block;
}

// What a rank tells the others about its block.
struct Offer {
  pid_t pid = 0;
  int file = -1;
  std::uintptr_t block = 0;  // address of its shared_ptr, for threads of the same process

  [[nodiscard]] std::string text() const { return join_text(pid, ' ', file, ' ', block); }
  static Offer parse(const std::string& text) {
    Offer offer;
    std::istringstream in(text);
    in >> offer.pid >> offer.file >> offer.block;
    RM_CHECK(!in.fail(), "offer of shared memory: ", text);
    return offer;
  }
};

std::shared_ptr<Block> open_block(const Offer& offer, std::size_t size_bytes,
                                  const std::string& whose) {
  const std::string path = join_text("/proc/", offer.pid, "/fd/", offer.file);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.value() < 0) {
    throw io_error(join_text("opening the shared memory of ", whose, " through ", path,
                             " (ranks of a host must run as one user and see each other's "
                             "processes: start them in one container, or use algorithm mpi)"),
                   errno);
  }
  struct stat status {};
  if (::fstat(file.value(), &status) != 0) throw io_error(join_text("fstat ", path), errno);
  RM_CHECK_EQ(static_cast<std::size_t>(status.st_size), size_bytes, "arena of ", whose);
  return map(file.value(), size_bytes, whose);
}

}  // namespace

Block::~Block() {
  ::munmap(base_, size_bytes_);
}

SharedMemory share_memory(ControlPlane& control, const std::vector<int>& ranks,
                          std::size_t arena_bytes, Deadline deadline) {
  SharedMemory memory;
  memory.ranks = ranks;
  memory.layout = BlockLayout(ranks.size(), arena_bytes);
  const auto me = std::find(ranks.begin(), ranks.end(), control.world().rank);
  RM_CHECK(me != ranks.end());
  memory.self = static_cast<std::size_t>(me - ranks.begin());

  const Descriptor file(::memfd_create("ringmaster-arena", MFD_CLOEXEC));
  const std::shared_ptr<Block> mine = make_block(file, memory.layout);
  const Offer offer{::getpid(), file.value(), reinterpret_cast<std::uintptr_t>(&mine)};
  const std::vector<std::string> offers = control.all_gather(offer.text(), deadline);
  for (const int rank : ranks) {
    const Offer theirs = Offer::parse(offers[static_cast<std::size_t>(rank)]);
    memory.blocks.push_back(
        theirs.pid == offer.pid
            ? *reinterpret_cast<const std::shared_ptr<Block>*>(theirs.block)
            : open_block(theirs, memory.layout.block_bytes(), control.world().name(rank)));
  }
  control.barrier(deadline);  // until then every offer has to stand
  return memory;
}

}  // namespace ringmaster::comm
