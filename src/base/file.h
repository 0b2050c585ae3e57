// The seam to the file system. What must survive a crash or a full disk goes through it, so that
// tests can put a fault-injecting double in its place (tests/support/). POSIX semantics; every
// failure is an Error{kIo} that names the path and the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster {

// Sequential writer of a new file. One thread at a time. Dropping it without close() closes the
// descriptor and ignores errors: call sync() and close() on the path where the data matters.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual void append(std::span<const std::byte> data) = 0;  // all of it, or throws
  virtual void sync() = 0;                                   // fsync
  virtual void close() = 0;  // at most once; nothing may be called after it
};

// Positional reads. Any number of threads at once.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;  // as it was when the file was opened
  // Fills all of `out` from `offset_bytes`. Error{kBadData} ("... ends at byte N ...") where the
  // file is too short.
  virtual void read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Creates or truncates.
  [[nodiscard]] virtual std::unique_ptr<WritableFile> create(const std::string& path) = 0;
  // Opens (creating it if need be) to append at the end.
  [[nodiscard]] virtual std::unique_ptr<WritableFile> open_append(const std::string& path) = 0;
  [[nodiscard]] virtual std::unique_ptr<ReadableFile> open(const std::string& path) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;  // atomic, replaces
  // `to` becomes a second name of the file `from` (a hard link): no bytes are copied, and either
  // name may be renamed or removed without the other. False where the file system has no such
  // names; an existing `to` is an error.
  [[nodiscard]] virtual bool link(const std::string& from, const std::string& to) = 0;
  virtual void remove(const std::string& path) = 0;  // a missing file is an error
  virtual void truncate(const std::string& path, std::uint64_t size_bytes) = 0;
  virtual void make_dirs(const std::string& path) = 0;  // with parents; fine if it exists
  virtual void sync_dir(const std::string& path) = 0;   // makes renames and new names durable
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  [[nodiscard]] virtual bool is_dir(const std::string& path) = 0;
  // Names (not paths) in `path`, sorted bytewise, without "." and "..".
  [[nodiscard]] virtual std::vector<std::string> list(const std::string& path) = 0;
  [[nodiscard]] virtual std::uint64_t size_bytes(const std::string& path) = 0;
  [[nodiscard]] virtual std::uint64_t free_bytes(
      const std::string& path) = 0;  // for an unprivileged user, at an existing path
};

// The real one. Stateless: any number may be made, each may be used by any thread.
[[nodiscard]] std::unique_ptr<FileSystem> posix_file_system();

// Whole file as bytes. Error{kBadData} above `limit_bytes`: for files that are small by contract.
[[nodiscard]] std::string read_text(FileSystem& files, const std::string& path,
                                    std::uint64_t limit_bytes = 64 << 20);
// Committed or absent: writes `path`.tmp, syncs it, renames it over `path`, syncs the folder. On an
// error `path` is what it was and the temporary file is removed.
void write_atomically(FileSystem& files, const std::string& path, std::string_view text);

// "a" + "b" -> "a/b"; "" + "b" -> "b".
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);
// "a/b" -> "a"; "b" -> ".".
[[nodiscard]] std::string parent_path(const std::string& path);

}  // namespace ringmaster
