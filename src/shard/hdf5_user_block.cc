#include "shard/hdf5_user_block.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "shard/little_endian.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {0x89, 'R', 'M', 'H', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t kFieldsEnd = 88, kHashAt = kUserBlockBytes - sizeof(std::uint64_t);

std::uint64_t own_hash(const UserBlock& block) {
  return xxh3_64(std::span<const std::byte>(block).first(kHashAt));
}

}  // namespace

std::uint64_t stored_hash(const UserBlock& block) {
  return load_le_at<std::uint64_t>(block, kHashAt);
}

UserBlock encode_user_block(const UserBlockFields& fields) {
  UserBlock block{};
  std::copy(kMagic.begin(), kMagic.end(), reinterpret_cast<std::uint8_t*>(block.data()));
  store_le_at<std::uint32_t>(block, 8, kHdf5Version);
  store_le_at<std::uint32_t>(block, 12, fields.identity.index);
  const auto id = id_bytes(fields.identity.data_set);
  std::copy(id.begin(), id.end(), block.begin() + 16);
  store_split(fields.identity.split, std::span(block).subspan<32, kSplitNameBytes>());
  store_le_at<std::uint64_t>(block, 48, fields.records);
  store_le_at<std::uint64_t>(block, 56, fields.file_bytes);
  store_le_at<std::uint64_t>(block, 64, fields.images.offset_bytes);
  store_le_at<std::uint64_t>(block, 72, fields.images.size_bytes);
  store_le_at<std::uint64_t>(block, 80, fields.rest_hash);
  store_le_at<std::uint64_t>(block, kHashAt, own_hash(block));
  return block;
}

UserBlockFields decode_user_block(const UserBlock& block, const std::string& path) {
  RM_REQUIRE(
      std::equal(kMagic.begin(), kMagic.end(), reinterpret_cast<const std::uint8_t*>(block.data())),
      ErrorKind::kBadData, path,
      ": does not begin with a shard's magic number: it is no shard, or a program that "
      "rewrites HDF5 files (h5repack) has dropped its user block");
  const auto version = load_le_at<std::uint32_t>(block, 8);
  RM_REQUIRE(version == kHdf5Version, ErrorKind::kBadData, path, ": version is ", version,
             ", this program reads version ", kHdf5Version);
  RM_REQUIRE(own_hash(block) == stored_hash(block), ErrorKind::kBadData, path,
             ": the user block's hash does not fit its bytes: the shard is damaged");
  const auto reserved = std::span(block).subspan(kFieldsEnd, kHashAt - kFieldsEnd);
  RM_REQUIRE(
      std::all_of(reserved.begin(), reserved.end(), [](std::byte b) { return b == std::byte{0}; }),
      ErrorKind::kBadData, path, ": the user block's reserved bytes are not zero");
  UserBlockFields fields;
  fields.identity.index = load_le_at<std::uint32_t>(block, 12);
  fields.identity.data_set = id_text(std::span(block).subspan<16, 16>());
  fields.identity.split = load_split(std::span(block).subspan<32, kSplitNameBytes>(), path);
  fields.records = load_le_at<std::uint64_t>(block, 48);
  fields.file_bytes = load_le_at<std::uint64_t>(block, 56);
  fields.images = {load_le_at<std::uint64_t>(block, 64), load_le_at<std::uint64_t>(block, 72)};
  fields.rest_hash = load_le_at<std::uint64_t>(block, 80);
  return fields;
}

std::uint64_t hash_rest(const ReadableFile& file, const Place& images, std::uint64_t file_bytes) {
  std::vector<std::byte> buffer(
      std::min<std::uint64_t>(std::size_t{1} << 20, file_bytes - images.size_bytes));
  Hasher hasher;
  const auto add = [&](std::uint64_t at, std::uint64_t end) {
    while (at < end) {
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
      file.read_at(at, part);
      hasher.update(part);
      at += part.size();
    }
  };
  add(kUserBlockBytes, images.offset_bytes);
  add(std::max<std::uint64_t>(images.end_bytes(), kUserBlockBytes), file_bytes);
  return hasher.digest64();
}

}  // namespace ringmaster::shard
