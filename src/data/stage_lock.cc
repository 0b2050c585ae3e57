#include "data/stage_lock.h"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"

namespace ringmaster::data {

StageLock::StageLock(const std::string& path, Deadline deadline)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw io_error("open " + path, errno);
  // Asked again and again: flock() itself can't be given a deadline.
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK && !deadline.passed()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    ::close(descriptor_);
    if (error != EWOULDBLOCK) throw io_error("lock " + path, error);
    throw Error(ErrorKind::kTimeout,
                "another job on this node still copies shards (it holds " + path +
                    "): give stage_deadline_s more time, or another stage folder");
  }
}

StageLock::~StageLock() {
  ::close(descriptor_);
}

}  // namespace ringmaster::data
