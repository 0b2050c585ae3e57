#include "sharding/output_lock.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

namespace ringmaster::sharding {
namespace {

// Whether `path` is still the file that is open: a holder may have removed it before we got it.
bool is_at(int fd, const std::string& path) {
  struct stat open {
  }, named{};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

int acquire(const std::string& path, int mode, const std::string& folder) {
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) throw io_error("create " + path, errno);
    if (::flock(fd, mode | LOCK_NB) != 0) {
      const int code = errno;
      ::close(fd);
      if (code == EINTR) continue;
      RM_REQUIRE(code != EWOULDBLOCK, ErrorKind::kInvalidArgument, "another ringmaster-shard is ",
                 "writing to ", folder, " (it holds ", path,
                 "). Wait for it, end it, or choose another --output");
      throw io_error("lock " + path, code);
    }
    if (is_at(fd, path)) return fd;
    ::close(fd);
  }
}

// Removes the file where nobody else holds it.
void release(int fd, const std::string& path) {
  if (fd < 0) return;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path)) ::unlink(path.c_str());
  ::close(fd);
}

}  // namespace

OutputLock::OutputLock(const std::string& folder, const Part& part)
    : whole_path_(join_path(folder, kLockName)),
      part_path_(join_path(folder, part_file_name(part) + ".lock")) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw io_error("make folder " + folder, code.value());
  whole_ = acquire(whole_path_, part.whole() ? LOCK_EX : LOCK_SH, folder);
  if (part.whole()) return;
  try {
    part_ = acquire(part_path_, LOCK_EX, folder);
  } catch (...) {
    release(whole_, whole_path_);
    throw;
  }
}

OutputLock::~OutputLock() {
  release(part_, part_path_);
  release(whole_, whole_path_);
}

}  // namespace ringmaster::sharding
