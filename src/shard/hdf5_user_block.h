// The first 512 bytes of an `hdf5` shard, which HDF5 leaves to its users: what a `record` shard has
// in header and trailer. docs/SHARD_FORMAT.md has the layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "shard/shard_reader.h"

namespace ringmaster::shard {

inline constexpr std::uint32_t kHdf5Version = 1;
inline constexpr std::size_t kUserBlockBytes = 512;

using UserBlock = std::array<std::byte, kUserBlockBytes>;

// A run of bytes of a file.
struct Place {
  std::uint64_t offset_bytes = 0, size_bytes = 0;
  [[nodiscard]] std::uint64_t end_bytes() const { return offset_bytes + size_bytes; }
  bool operator==(const Place&) const = default;
};

struct UserBlockFields {
  ShardIdentity identity;
  std::uint64_t records = 0;
  std::uint64_t file_bytes = 0;
  Place images;                 // the payloads, one after the other
  std::uint64_t rest_hash = 0;  // XXH3-64 of what is neither this block nor `images`
};

[[nodiscard]] UserBlock encode_user_block(const UserBlockFields& fields);
// Error{kBadData} naming `path` and the field.
[[nodiscard]] UserBlockFields decode_user_block(const UserBlock& block, const std::string& path);
// The block's last 8 bytes: XXH3-64 of what stands before them. It holds the rest's hash, and the
// rest those of the payloads, so it stands for the whole file.
[[nodiscard]] std::uint64_t stored_hash(const UserBlock& block);

// XXH3-64 of bytes [512, images) and [images' end, file_bytes). REQUIRES: `images` lies there.
[[nodiscard]] std::uint64_t hash_rest(const ReadableFile& file, const Place& images,
                                      std::uint64_t file_bytes);

}  // namespace ringmaster::shard
