// A FileSystem that does all by another one: for doubles that override a call or two.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::testing {

class PassThroughFileSystem : public FileSystem {
 public:
  explicit PassThroughFileSystem(FileSystem& real) : real_(real) {}  // `real` must outlive it

  std::unique_ptr<WritableFile> create(const std::string& path) override {
    return real_.create(path);
  }
  std::unique_ptr<WritableFile> open_append(const std::string& path) override {
    return real_.open_append(path);
  }
  std::unique_ptr<ReadableFile> open(const std::string& path) override { return real_.open(path); }
  void rename(const std::string& from, const std::string& to) override { real_.rename(from, to); }
  bool link(const std::string& from, const std::string& to) override {
    return real_.link(from, to);
  }
  void remove(const std::string& path) override { real_.remove(path); }
  void truncate(const std::string& path, std::uint64_t size_bytes) override {
    real_.truncate(path, size_bytes);
  }
  void make_dirs(const std::string& path) override { real_.make_dirs(path); }
  void sync_dir(const std::string& path) override { real_.sync_dir(path); }
  bool exists(const std::string& path) override { return real_.exists(path); }
  bool is_dir(const std::string& path) override { return real_.is_dir(path); }
  std::vector<std::string> list(const std::string& path) override { return real_.list(path); }
  std::uint64_t size_bytes(const std::string& path) override { return real_.size_bytes(path); }
  std::uint64_t free_bytes(const std::string& path) override { return real_.free_bytes(path); }

 protected:
  FileSystem& real_;
};

}  // namespace ringmaster::testing
