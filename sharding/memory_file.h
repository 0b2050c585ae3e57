// Bytes in memory, read as a file.
#pragma once

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/file.h"

namespace ringmaster::sharding {

class MemoryFile final : public ReadableFile {
 public:
  MemoryFile(std::vector<std::byte> bytes, std::string name)
      : bytes_(std::move(bytes)), name_(std::move(name)) {}

  std::uint64_t size_bytes() const override { return bytes_.size(); }
  void read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    RM_REQUIRE(offset_bytes <= bytes_.size() && out.size() <= bytes_.size() - offset_bytes,
               ErrorKind::kBadData, name_, " ends at byte ", bytes_.size(), ": it is truncated");
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset_bytes), out.size(),
                out.begin());
  }

 private:
  std::vector<std::byte> bytes_;
  std::string name_;
};

}  // namespace ringmaster::sharding
