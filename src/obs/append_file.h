// A file of records that grows while disks fill up and processes die.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"

namespace ringmaster::obs {

// One thread. What append() could not write stays in memory, and goes out, in order, with the next
// append() that can: a full disk costs no record as long as the process lives. A record is never
// left half written with another behind it.
class AppendFile {
 public:
  // Opens (creating it if need be) behind what is there. `files` must outlive it.
  AppendFile(FileSystem& files, std::string path);

  // In the file (not yet on the disk) when it returns. Error{kIo}: this record and perhaps some
  // before it wait in memory.
  void append(std::string_view record);
  // On the disk too; tries what waits first.
  void sync();

  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_.size(); }

 private:
  void drain();

  FileSystem& files_;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  std::uint64_t good_bytes_;  // whole records in the file
  bool torn_ = false;         // there may be a part of a record behind them
  std::string waiting_;
};

}  // namespace ringmaster::obs
