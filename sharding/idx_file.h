// The IDX format of the MNIST family (http://yann.lecun.com/exdb/mnist/): big-endian
// `00 00 type dims`, one u32 a dimension, then the elements. Only unsigned bytes here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::sharding {

struct IdxFile {
  std::vector<std::uint32_t> dims;
  std::vector<std::byte> bytes;  // the whole file, unpacked
  [[nodiscard]] std::span<const std::byte> elements() const;
};

// Error{kBadData} naming `path` where it is not an IDX file of unsigned bytes with `dimensions`
// dimensions, or has not just the bytes that its dimensions ask for.
[[nodiscard]] IdxFile read_idx(FileSystem& files, const std::string& path, std::size_t dimensions);

}  // namespace ringmaster::sharding
