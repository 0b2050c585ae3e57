#include "shard/shard_format.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "shard/little_endian.h"

namespace ringmaster::shard {
namespace {

// As PNG's: a byte above 127, line ends of both kinds and ^Z show what a text-mode copy did.
constexpr std::array<std::uint8_t, 8> kHeaderMagic = {0x89, 'R', 'M', 'S', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 8> kTrailerMagic = {'R', 'M', 'S', 'E', 'N', 'D', '\r', '\n'};
constexpr std::size_t kHashAt = kBlockBytes - sizeof(std::uint64_t);

void put_magic(Block& block, std::size_t at, const std::array<std::uint8_t, 8>& magic) {
  std::copy(magic.begin(), magic.end(), reinterpret_cast<std::uint8_t*>(block.data()) + at);
}

bool has_magic(const Block& block, std::size_t at, const std::array<std::uint8_t, 8>& magic) {
  return std::equal(magic.begin(), magic.end(),
                    reinterpret_cast<const std::uint8_t*>(block.data()) + at);
}

std::uint64_t own_hash(const Block& block) {
  return xxh3_64(std::span<const std::byte>(block).first(kHashAt));
}

void require_hash(const Block& block, const std::string& path, const char* part) {
  RM_REQUIRE(own_hash(block) == stored_hash(block), ErrorKind::kBadData, path, ": the ", part,
             "'s hash does not fit its bytes: the shard is damaged");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  RM_CHECK(c >= 'a' && c <= 'f', "data set id with the digit ", c);
  return c - 'a' + 10;
}

}  // namespace

std::uint64_t stored_hash(const Block& block) {
  return load_le_at<std::uint64_t>(block, kHashAt);
}

std::array<std::byte, 16> id_bytes(const std::string& data_set) {
  RM_CHECK_EQ(data_set.size(), 32u);
  std::array<std::byte, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] =
        static_cast<std::byte>(hex_digit(data_set[2 * i]) * 16 + hex_digit(data_set[2 * i + 1]));
  }
  return bytes;
}

std::string id_text(std::span<const std::byte, 16> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

void store_split(const std::string& split, std::span<std::byte, kSplitNameBytes> out) {
  RM_CHECK(!split.empty() && split.size() <= kSplitNameBytes, split);
  std::fill(out.begin(), out.end(), std::byte{0});
  std::transform(split.begin(), split.end(), out.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
}

std::string load_split(std::span<const std::byte, kSplitNameBytes> in, const std::string& path) {
  const char* const split = reinterpret_cast<const char*>(in.data());
  const std::string name(split, std::find(split, split + kSplitNameBytes, '\0'));
  const bool padded =
      std::all_of(split + name.size(), split + kSplitNameBytes, [](char c) { return c == '\0'; });
  RM_REQUIRE(!name.empty() && padded, ErrorKind::kBadData, path,
             ": the header's split name is not a name padded with zeros");
  return name;
}

Block encode_header(const ShardIdentity& identity) {
  Block block{};
  put_magic(block, 0, kHeaderMagic);
  store_le_at<std::uint32_t>(block, 8, kShardVersion);
  store_le_at<std::uint32_t>(block, 12, identity.index);
  const auto id = id_bytes(identity.data_set);
  std::copy(id.begin(), id.end(), block.begin() + 16);
  store_split(identity.split, std::span(block).subspan<32, kSplitNameBytes>());
  store_le_at<std::uint64_t>(block, kHashAt, own_hash(block));
  return block;
}

ShardIdentity decode_header(const Block& block, const std::string& path) {
  RM_REQUIRE(has_magic(block, 0, kHeaderMagic), ErrorKind::kBadData, path,
             ": does not begin with a shard's magic number: it is no shard");
  const auto version = load_le_at<std::uint32_t>(block, 8);
  RM_REQUIRE(version == kShardVersion, ErrorKind::kBadData, path, ": version is ", version,
             ", this program reads version ", kShardVersion);
  require_hash(block, path, "header");
  RM_REQUIRE(load_le_at<std::uint64_t>(block, 48) == 0, ErrorKind::kBadData, path,
             ": the header's reserved field is not zero");
  ShardIdentity identity;
  identity.index = load_le_at<std::uint32_t>(block, 12);
  identity.data_set = id_text(std::span(block).subspan<16, 16>());
  identity.split = load_split(std::span(block).subspan<32, kSplitNameBytes>(), path);
  return identity;
}

Block encode_trailer(const ShardTrailer& trailer) {
  Block block{};
  store_le_at<std::uint64_t>(block, 0, trailer.records);
  store_le_at<std::uint64_t>(block, 8, trailer.file_bytes);
  store_le_at<std::uint64_t>(block, 16, trailer.tables_offset_bytes);
  store_le_at<std::uint32_t>(block, 24, trailer.sections);
  store_le_at<std::uint64_t>(block, 32, trailer.tables_hash);
  store_le_at<std::uint64_t>(block, 40, trailer.header_hash);
  put_magic(block, 48, kTrailerMagic);
  store_le_at<std::uint64_t>(block, kHashAt, own_hash(block));
  return block;
}

ShardTrailer decode_trailer(const Block& block, const std::string& path) {
  RM_REQUIRE(has_magic(block, 48, kTrailerMagic), ErrorKind::kBadData, path,
             ": does not end with a shard's trailer: it is truncated or damaged");
  require_hash(block, path, "trailer");
  RM_REQUIRE(load_le_at<std::uint32_t>(block, 28) == 0, ErrorKind::kBadData, path,
             ": the trailer's reserved field is not zero");
  ShardTrailer trailer;
  trailer.records = load_le_at<std::uint64_t>(block, 0);
  trailer.file_bytes = load_le_at<std::uint64_t>(block, 8);
  trailer.tables_offset_bytes = load_le_at<std::uint64_t>(block, 16);
  trailer.sections = load_le_at<std::uint32_t>(block, 24);
  trailer.tables_hash = load_le_at<std::uint64_t>(block, 32);
  trailer.header_hash = load_le_at<std::uint64_t>(block, 40);
  return trailer;
}

void encode_section(const SectionEntry& section, std::span<std::byte, kSectionEntryBytes> out) {
  store_le_at<std::uint32_t>(out, 0, section.kind);
  store_le_at<std::uint32_t>(out, 4, 0);
  store_le_at<std::uint64_t>(out, 8, section.offset_bytes);
  store_le_at<std::uint64_t>(out, 16, section.size_bytes);
}

SectionEntry decode_section(std::span<const std::byte, kSectionEntryBytes> in) {
  return {load_le_at<std::uint32_t>(in, 0), load_le_at<std::uint64_t>(in, 8),
          load_le_at<std::uint64_t>(in, 16)};
}

void encode_record(const RecordEntry& record, std::span<std::byte, kRecordEntryBytes> out) {
  out[0] = static_cast<std::byte>(record.codec);
  out[1] = static_cast<std::byte>(record.channels);
  store_le_at<std::uint16_t>(out, 2, 0);
  store_le_at<std::uint32_t>(out, 4, record.label);
  store_le_at<std::uint32_t>(out, 8, record.width);
  store_le_at<std::uint32_t>(out, 12, record.height);
  store_le_at<std::uint64_t>(out, 16, record.payload_hash);
  store_le_at<std::uint64_t>(out, 24, record.name_offset_bytes);
}

void check_record_entry(int codec, int channels, std::uint32_t width, std::uint32_t height,
                        const std::string& path, std::uint64_t record) {
  RM_REQUIRE(codec >= 1 && codec <= 3, ErrorKind::kBadData, path, " record ", record, ": codec is ",
             codec, ", not 1 (JPEG), 2 (PNG) or 3 (raw)");
  RM_REQUIRE(channels >= 1 && channels <= 4, ErrorKind::kBadData, path, " record ", record,
             ": channels is ", channels, ", not 1 to 4");
  RM_REQUIRE(width >= 1 && width <= kMaxSide, ErrorKind::kBadData, path, " record ", record,
             ": width is ", width);
  RM_REQUIRE(height >= 1 && height <= kMaxSide, ErrorKind::kBadData, path, " record ", record,
             ": height is ", height);
}

RecordEntry decode_record(std::span<const std::byte, kRecordEntryBytes> in, const std::string& path,
                          std::uint64_t record_index) {
  const auto codec = std::to_integer<std::uint8_t>(in[0]);
  RecordEntry record;
  record.codec = static_cast<Codec>(codec);
  record.channels = std::to_integer<std::uint8_t>(in[1]);
  record.label = load_le_at<std::uint32_t>(in, 4);
  record.width = load_le_at<std::uint32_t>(in, 8);
  record.height = load_le_at<std::uint32_t>(in, 12);
  record.payload_hash = load_le_at<std::uint64_t>(in, 16);
  record.name_offset_bytes = load_le_at<std::uint64_t>(in, 24);
  check_record_entry(codec, record.channels, record.width, record.height, path, record_index);
  RM_REQUIRE(load_le_at<std::uint16_t>(in, 2) == 0, ErrorKind::kBadData, path, " record ",
             record_index, ": the reserved field is not zero");
  return record;
}

}  // namespace ringmaster::shard
