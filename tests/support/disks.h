// Disks with a weakness: each does all by another file system but for one thing.
#pragma once

#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::testing {

// As FAT, or many a network disk.
class DiskWithoutLinks final : public PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  bool link(const std::string&, const std::string&) override { return false; }
};

// Its files' sync() does nothing: hundreds of saves, of which no test asks that they survive a real
// power cut.
class UnsyncedDisk final : public PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  std::unique_ptr<WritableFile> create(const std::string& path) override {
    return std::make_unique<File>(real_.create(path));
  }
  void sync_dir(const std::string&) override {}

 private:
  class File final : public WritableFile {
   public:
    explicit File(std::unique_ptr<WritableFile> real) : real_(std::move(real)) {}
    void append(std::span<const std::byte> data) override { real_->append(data); }
    void sync() override {}
    void close() override { real_->close(); }

   private:
    std::unique_ptr<WritableFile> real_;
  };
};

// Does not answer for files with `part` in their paths.
class UnreadableDisk final : public PassThroughFileSystem {
 public:
  UnreadableDisk(FileSystem& real, std::string part)
      : PassThroughFileSystem(real), part_(std::move(part)) {}
  std::unique_ptr<ReadableFile> open(const std::string& path) override {
    if (path.find(part_) != std::string::npos) throw io_error("read " + path, EIO);
    return real_.open(path);
  }

 private:
  const std::string part_;
};

}  // namespace ringmaster::testing
