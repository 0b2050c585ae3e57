#include "tests/fuzz/reseal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "shard/hdf5_user_block.h"
#include "shard/little_endian.h"
#include "shard/shard_format.h"

namespace ringmaster::fuzz {
namespace {

constexpr std::size_t kHashAt = shard::kBlockBytes - 8;

void reseal_block(std::span<std::byte> block, std::size_t hash_at) {
  shard::store_le_at<std::uint64_t>(block, hash_at, xxh3_64(block.first(hash_at)));
}

std::uint32_t crc32(std::span<const std::byte> bytes) {  // PNG specification, annex D
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::size_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | std::to_integer<std::size_t>(bytes[at + i]);
  return value;
}

}  // namespace

void reseal_record_shard(Bytes& bytes) {
  if (bytes.size() < 2 * shard::kBlockBytes) return;
  const std::span<std::byte> all(bytes);
  reseal_block(all.first(shard::kBlockBytes), kHashAt);
  const auto trailer = all.last(shard::kBlockBytes);
  const auto tables = shard::load_le_at<std::uint64_t>(trailer, 16);
  if (tables <= bytes.size() - shard::kBlockBytes) {
    const auto body = all.subspan(tables, bytes.size() - shard::kBlockBytes - tables);
    shard::store_le_at<std::uint64_t>(trailer, 32, xxh3_64(body));
  }
  shard::store_le_at<std::uint64_t>(trailer, 8, bytes.size());
  std::copy_n(all.begin() + kHashAt, 8, trailer.begin() + 40);
  reseal_block(trailer, kHashAt);
}

void reseal_hdf5(Bytes& bytes) {
  if (bytes.size() <= shard::kUserBlockBytes) return;
  const std::span<std::byte> all(bytes);
  const auto block = all.first(shard::kUserBlockBytes);
  const std::uint64_t begin = std::clamp<std::uint64_t>(shard::load_le_at<std::uint64_t>(block, 64),
                                                        shard::kUserBlockBytes, bytes.size());
  const std::uint64_t size =
      std::min<std::uint64_t>(shard::load_le_at<std::uint64_t>(block, 72), bytes.size() - begin);
  Hasher rest;
  rest.update(all.subspan(shard::kUserBlockBytes, begin - shard::kUserBlockBytes));
  rest.update(all.subspan(begin + size));
  shard::store_le_at<std::uint64_t>(block, 80, rest.digest64());
  reseal_block(block, shard::kUserBlockBytes - 8);
}

void reseal_tar(Bytes& bytes) {
  constexpr std::size_t kBlock = 512, kMagicAt = 257, kSumAt = 148, kSumBytes = 8;
  for (std::size_t at = 0; at + kBlock <= bytes.size(); at += kBlock) {
    const auto block = std::span(bytes).subspan(at, kBlock);
    if (std::memcmp(block.data() + kMagicAt, "ustar", 5) != 0) continue;
    const auto sum_field = block.subspan(kSumAt, kSumBytes);
    std::fill(sum_field.begin(), sum_field.end(), std::byte{' '});
    unsigned sum = 0;
    for (const std::byte byte : block) sum += std::to_integer<unsigned>(byte);
    std::array<char, kSumBytes> text{};
    std::snprintf(text.data(), text.size(), "%06o", sum);
    std::memcpy(sum_field.data(), text.data(), kSumBytes - 1);
  }
}

void reseal_png(Bytes& bytes) {
  const std::span<std::byte> all(bytes);
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t size = big_endian(bytes, at);
    if (size > bytes.size() - at - 12) return;
    const std::uint32_t crc = crc32(all.subspan(at + 4, 4 + size));
    for (std::size_t i = 0; i < 4; ++i)
      all[at + 8 + size + i] = static_cast<std::byte>(crc >> (24 - 8 * i) & 0xff);
    at += 12 + size;
  }
}

std::string resealed_manifest(Input text) {
  using Json = nlohmann::ordered_json;
  const auto dump = [](const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
  Json json = Json::parse(view, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "";
  json.erase("checksum");
  json["checksum"] = hex64(xxh3_64(dump(json)));
  return dump(json);
}

}  // namespace ringmaster::fuzz
