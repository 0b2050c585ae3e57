// A FileSystem that passes every call on to another one and breaks at a chosen call: the full disk
// and the power cut of the tests. Thread-safe.
#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::testing {

// Counted are the calls that change something: create, open_append, append, sync, close, rename,
// link, remove, truncate, make_dirs, sync_dir. Reading always works. So a test learns from a clean
// run how many there are (calls()) and then breaks each of them in turn, 0 <= k < calls().
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& real);  // `real` must outlive it and its files

  // Call `k` fails with `errno_value` (an append after half of its bytes), all others work.
  void fail_once(std::int64_t k, int errno_value);
  // Every call fails from call `k` on and changes nothing: a disk that was remounted read-only
  // (EROFS), a folder that is gone (ENOENT), a dead disk (EIO).
  void fail_from(std::int64_t k, int errno_value);
  // A disk (ENOSPC) or a quota (EDQUOT) that is full from call `k` on: create, open_append, append,
  // sync, link and make_dirs fail, an append after half of its bytes; rename, remove and truncate
  // work.
  void fill_disk(std::int64_t k, int errno_value = ENOSPC);
  // The power goes at call `k`: that call and every later one fail and change nothing, and what was
  // appended to a file but not synced is gone from it (its name stays, renamed or not: the worst
  // that a journalling file system does). Look at what is left through `real`.
  void crash_at(std::int64_t k);

  [[nodiscard]] std::int64_t calls() const;
  [[nodiscard]] bool broke() const;  // whether the chosen call came

  std::unique_ptr<WritableFile> create(const std::string& path) override;
  std::unique_ptr<WritableFile> open_append(const std::string& path) override;
  std::unique_ptr<ReadableFile> open(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  bool link(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void truncate(const std::string& path, std::uint64_t size_bytes) override;
  void make_dirs(const std::string& path) override;
  void sync_dir(const std::string& path) override;
  bool exists(const std::string& path) override;
  bool is_dir(const std::string& path) override;
  std::vector<std::string> list(const std::string& path) override;
  std::uint64_t size_bytes(const std::string& path) override;
  std::uint64_t free_bytes(const std::string& path) override;

 private:
  class File;
  enum class Mode { kNone, kOnce, kFrom, kFull, kCrash };
  enum class Need { kSpace, kNothing };

  // Counts a call on `path` and throws where it is to fail.
  void count(const char* call, const std::string& path, Need need);
  void choose(Mode mode, std::int64_t k, int errno_value);
  [[nodiscard]] bool tears() const;  // a failing append leaves half of its bytes
  void lose_unsynced();              // mutex_ is held
  void note_size(const std::string& path, std::uint64_t synced_bytes);

  FileSystem& real_;
  mutable std::mutex mutex_;
  Mode mode_ = Mode::kNone;
  std::int64_t at_ = 0, calls_ = 0;
  int errno_value_ = 0;
  bool broke_ = false;
  std::map<std::string, std::uint64_t> synced_bytes_;  // of files with appends after the last sync
};

}  // namespace ringmaster::testing
