// One process of a machine at a time.
#pragma once

#include <string>

#include "base/deadline.h"

namespace ringmaster::data {

// Held from construction to destruction, or to the end of the process, however it ends. The file
// stays: removing it would let two hold the lock.
class StageLock {
 public:
  // Creates the file. Error{kIo}, or Error{kTimeout} where another process holds it when the
  // deadline passes.
  StageLock(const std::string& path, Deadline deadline);
  ~StageLock();
  StageLock(const StageLock&) = delete;
  StageLock& operator=(const StageLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace ringmaster::data
