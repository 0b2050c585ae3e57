// A double of FileSystem: one file, whose bytes are in memory; everything else is the real one's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sharding/memory_file.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::testing {

class MemoryFileSystem final : public PassThroughFileSystem {
 public:
  // `real` must outlive it, and `content` too.
  MemoryFileSystem(FileSystem& real, std::string path, std::span<const std::byte> content)
      : PassThroughFileSystem(real), path_(std::move(path)), content_(content) {}

  std::unique_ptr<ReadableFile> open(const std::string& path) override {
    if (path != path_) return real_.open(path);
    return std::make_unique<sharding::MemoryFile>(
        std::vector<std::byte>(content_.begin(), content_.end()), path);
  }
  bool exists(const std::string& path) override { return path == path_ || real_.exists(path); }
  std::vector<std::string> list(const std::string& path) override {
    if (path != parent_path(path_)) return real_.list(path);
    return {path_.substr(path.size() + 1)};
  }
  std::uint64_t size_bytes(const std::string& path) override {
    return path == path_ ? content_.size() : real_.size_bytes(path);
  }

 private:
  const std::string path_;
  const std::span<const std::byte> content_;
};

}  // namespace ringmaster::testing
