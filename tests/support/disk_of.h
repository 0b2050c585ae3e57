#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::testing {

// A disk on which every file has the given content: thousands of damaged files, none of them
// written.
class DiskOf final : public PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  std::string content;

  std::unique_ptr<ReadableFile> open(const std::string& path) override {
    return std::make_unique<File>(content, path);
  }

 private:
  class File final : public ReadableFile {
   public:
    File(const std::string& content, std::string path)
        : content_(content), path_(std::move(path)) {}
    std::uint64_t size_bytes() const override { return content_.size(); }
    void read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
      RM_REQUIRE(offset_bytes <= content_.size() && out.size() <= content_.size() - offset_bytes,
                 ErrorKind::kBadData, path_, " ends too early");
      std::memcpy(out.data(), content_.data() + offset_bytes, out.size());
    }

   private:
    const std::string& content_;
    const std::string path_;
  };
};

}  // namespace ringmaster::testing
