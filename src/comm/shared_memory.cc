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
std::shared_ptr<Block> make_block(const Descriptor& file, std::size_t size_bytes) {
  if (file.value() < 0) throw io_error("memfd_create", errno);
  if (::ftruncate(file.value(), static_cast<off_t>(size_bytes)) != 0 ||
      ::fallocate(file.value(), 0, 0, static_cast<off_t>(size_bytes)) != 0) {
    throw io_error(join_text("allocating ", size_bytes,
                             " bytes of memory that the ranks of this host share (is the memory "
                             "limit of this job or container too small?)"),
                   errno);
  }
  return map(file.value(), size_bytes, "this rank's shared memory");
}

void make_page(const BlockLayout& layout, std::byte* block) {
  layout.construct(block);
  SharedPage& page = *layout.page(block);
  page.pid = ::getpid();
  const std::optional<ProcessState> state = process_state(page.pid);
  RM_REQUIRE(state.has_value(), ErrorKind::kIo, "/proc/", page.pid,
             "/stat can't be read: is /proc mounted?");
  page.start_ticks = state->start_ticks;
}

// What a rank tells the others about its block.
struct Offer {
  pid_t pid = 0;
  int file = -1;
  std::size_t size_bytes = 0;
  std::uintptr_t block = 0;  // address of its shared_ptr, for threads of the same process

  [[nodiscard]] std::string text() const {
    return join_text(pid, ' ', file, ' ', size_bytes, ' ', block);
  }
  static Offer parse(const std::string& text) {
    Offer offer;
    std::istringstream in(text);
    in >> offer.pid >> offer.file >> offer.size_bytes >> offer.block;
    RM_CHECK(!in.fail(), "offer of shared memory: ", text);
    return offer;
  }
};

std::shared_ptr<Block> open_block(const Offer& offer, const std::string& whose) {
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
  RM_CHECK_EQ(static_cast<std::size_t>(status.st_size), offer.size_bytes, "memory of ", whose);
  return map(file.value(), offer.size_bytes, whose);
}

}  // namespace

Block::~Block() {
  ::munmap(base_, size_bytes_);
}

std::vector<std::shared_ptr<Block>> share_blocks(ControlPlane& control,
                                                 const std::vector<int>& ranks,
                                                 std::size_t size_bytes,
                                                 const std::function<void(std::byte*)>& prepare,
                                                 Deadline deadline) {
  const Descriptor file(size_bytes > 0 ? ::memfd_create("ringmaster-shared", MFD_CLOEXEC) : -1);
  const std::shared_ptr<Block> mine = size_bytes > 0 ? make_block(file, size_bytes) : nullptr;
  if (mine && prepare) prepare(mine->base());
  const Offer offer{::getpid(), file.value(), size_bytes, reinterpret_cast<std::uintptr_t>(&mine)};
  const std::vector<std::string> offers = control.all_gather(offer.text(), deadline);
  std::vector<std::shared_ptr<Block>> blocks;
  for (const int rank : ranks) {
    const Offer theirs = Offer::parse(offers[static_cast<std::size_t>(rank)]);
    if (theirs.pid == offer.pid) {
      blocks.push_back(*reinterpret_cast<const std::shared_ptr<Block>*>(theirs.block));
    } else if (theirs.size_bytes == 0) {
      blocks.push_back(nullptr);
    } else {
      blocks.push_back(open_block(theirs, control.world().name(rank)));
    }
  }
  control.barrier(deadline);  // until then every offer has to stand
  return blocks;
}

SharedMemory share_memory(ControlPlane& control, const std::vector<int>& ranks,
                          std::size_t arena_bytes, Deadline deadline) {
  SharedMemory memory;
  memory.ranks = ranks;
  memory.layout = BlockLayout(ranks.size(), arena_bytes);
  const auto me = std::find(ranks.begin(), ranks.end(), control.world().rank);
  RM_CHECK(me != ranks.end());
  memory.self = static_cast<std::size_t>(me - ranks.begin());
  memory.blocks = share_blocks(
      control, ranks, memory.layout.block_bytes(),
      [&](std::byte* block) { make_page(memory.layout, block); }, deadline);
  return memory;
}

}  // namespace ringmaster::comm
