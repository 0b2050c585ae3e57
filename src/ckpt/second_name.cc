#include "ckpt/second_name.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::uint64_t kBlockBytes = 4 << 20;

void copy_bytes(const ReadableFile& source, WritableFile& target) {
  std::vector<std::byte> block;
  for (std::uint64_t at = 0; at < source.size_bytes(); at += block.size()) {
    block.resize(std::min(kBlockBytes, source.size_bytes() - at));
    source.read_at(at, block);
    target.append(block);
  }
}

}  // namespace

std::uint64_t give_second_name(FileSystem& files, const std::string& from, const std::string& to) {
  if (files.link(from, to)) return 0;
  const auto source = files.open(from);
  const std::uint64_t free_bytes = files.free_bytes(parent_path(to));
  RM_REQUIRE(source->size_bytes() <= free_bytes, ErrorKind::kIo, "copy ", from, " to ", to,
             " (this file system has no hard links): No space left on device: it takes ",
             source->size_bytes(), " bytes, and ", free_bytes, " are free");
  const auto target = files.create(to);
  copy_bytes(*source, *target);
  target->sync();
  target->close();
  return source->size_bytes();
}

}  // namespace ringmaster::ckpt
