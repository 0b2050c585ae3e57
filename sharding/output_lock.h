// Keeps two packs from writing into one folder at once.
#pragma once

#include <string>

#include "sharding/parts.h"

namespace ringmaster::sharding {

inline constexpr const char* kLockName = "pack.lock";

// Held while it lives, by flock(2): the system lets go of it when the process ends, however that
// happens. A whole pack (or a merge) shuts out everything else in `folder`; parts shut out whole
// packs and the same part. The lock's files go with the last holder; a killed one leaves them,
// which means nothing. On network file systems it holds between hosts where they carry flock (NFS
// since Linux 2.6.12, Lustre mounted with -o flock).
class OutputLock {
 public:
  // Makes `folder` where it is missing. Error{kInvalidArgument} where it is held by another;
  // Error{kIo} where the file system can't lock.
  OutputLock(const std::string& folder, const Part& part);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  std::string whole_path_, part_path_;
  int whole_ = -1, part_ = -1;
};

}  // namespace ringmaster::sharding
