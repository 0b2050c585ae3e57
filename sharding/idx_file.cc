#include "sharding/idx_file.h"

#include "base/check.h"
#include "sharding/gzip_reader.h"

namespace ringmaster::sharding {
namespace {

// The largest set of this family (EMNIST by class, 814,255 images) has 640 MB.
constexpr std::uint64_t kLimitBytes = std::uint64_t{4} << 30;
constexpr std::uint32_t kUnsignedByte = 0x08;

std::uint32_t load_big_endian(std::span<const std::byte, 4> in) {
  std::uint32_t value = 0;
  for (const std::byte byte : in) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

std::size_t header_bytes(std::size_t dimensions) {
  return 4 + 4 * dimensions;
}

}  // namespace

std::span<const std::byte> IdxFile::elements() const {
  return std::span(bytes).subspan(header_bytes(dims.size()));
}

IdxFile read_idx(FileSystem& files, const std::string& path, std::size_t dimensions) {
  IdxFile idx;
  idx.bytes = read_maybe_gzip(files, path, kLimitBytes);
  const std::span<const std::byte> bytes(idx.bytes);
  RM_REQUIRE(bytes.size() >= header_bytes(dimensions), ErrorKind::kBadData, path, " has ",
             bytes.size(), " bytes, fewer than an IDX header: it is truncated");
  const std::uint32_t magic = load_big_endian(bytes.first<4>());
  RM_REQUIRE(magic == (kUnsignedByte << 8 | dimensions), ErrorKind::kBadData, path,
             ": magic number is ", magic, ", not ", kUnsignedByte << 8 | dimensions, " (",
             dimensions, " dimensions of unsigned bytes)");
  std::uint64_t elements = 1;
  for (std::size_t d = 0; d < dimensions; ++d) {
    idx.dims.push_back(load_big_endian(bytes.subspan(4 + 4 * d).first<4>()));
    RM_REQUIRE(idx.dims.back() > 0 && elements <= kLimitBytes / idx.dims.back(),
               ErrorKind::kBadData, path, ": dimension ", d, " is ", idx.dims.back());
    elements *= idx.dims.back();
  }
  RM_REQUIRE(bytes.size() == header_bytes(dimensions) + elements, ErrorKind::kBadData, path,
             " has ", bytes.size(), " bytes, its dimensions ask for ",
             header_bytes(dimensions) + elements);
  return idx;
}

}  // namespace ringmaster::sharding
