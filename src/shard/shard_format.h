// The fixed parts of a record shard, shared by writer and reader. docs/SHARD_FORMAT.md is the
// grammar; what is here must not change without a new version number and golden file.
//
//   shard   = header payload* zero* tables trailer
//   tables  = section-entry* section* zero*
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "shard/dataset.h"
#include "shard/shard_reader.h"

namespace ringmaster::shard {

inline constexpr std::uint32_t kShardVersion = 1;
inline constexpr std::size_t kBlockBytes = 64;  // header and trailer; tables begin at a multiple
inline constexpr std::size_t kRecordEntryBytes = 32;
inline constexpr std::size_t kSectionEntryBytes = 24;
inline constexpr std::size_t kSplitNameBytes = 16;

// What a reader is ready to allocate for one shard's tables and for one record.
inline constexpr std::uint64_t kMaxTablesBytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kMaxPayloadBytes = std::uint64_t{1} << 30;
inline constexpr std::uint32_t kMaxSections = 16;
inline constexpr std::uint32_t kMaxSide = 0x7fffffff;

using Block = std::array<std::byte, kBlockBytes>;

// Kinds of section. A reader refuses a kind that it does not know, but for those with the top bit
// set: they may be ignored (row tables of restart markers, hashes of originals, ... will be such).
enum class SectionKind : std::uint32_t { kOffsets = 1, kRecords = 2, kNames = 3 };
inline constexpr std::uint32_t kIgnorableSection = 0x80000000;

struct ShardTrailer {
  std::uint64_t records = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t tables_offset_bytes = 0;
  std::uint32_t sections = 0;
  std::uint64_t tables_hash = 0;  // XXH3-64 of everything from the tables to the trailer
  std::uint64_t header_hash = 0;  // XXH3-64 of the header's first 56 bytes, as it stands there too
};

struct SectionEntry {
  std::uint32_t kind = 0;
  std::uint64_t offset_bytes = 0;  // in the file
  std::uint64_t size_bytes = 0;
};

// One row of the table of records.
struct RecordEntry {
  Codec codec = Codec::kJpeg;
  std::uint8_t channels = 0;
  std::uint32_t label = 0, width = 0, height = 0;
  std::uint64_t payload_hash = 0;
  std::uint64_t name_offset_bytes = 0;  // into the names; a name ends where the next one begins
};

// The last 8 bytes of a header or trailer: XXH3-64 of what stands before them. Because the trailer
// holds the hashes of header and tables, and the tables those of the payloads, the trailer's own
// hash stands for the whole file.
[[nodiscard]] std::uint64_t stored_hash(const Block& block);

// Hex digits and raw bytes of a data set's id. REQUIRES: 32 lower-case hex digits.
[[nodiscard]] std::array<std::byte, 16> id_bytes(const std::string& data_set);
[[nodiscard]] std::string id_text(std::span<const std::byte, 16> bytes);
// A split's name filled up with zeros, and back: Error{kBadData} naming `path` where it is none.
void store_split(const std::string& split, std::span<std::byte, kSplitNameBytes> out);
[[nodiscard]] std::string load_split(std::span<const std::byte, kSplitNameBytes> in,
                                     const std::string& path);

[[nodiscard]] Block encode_header(const ShardIdentity& identity);
[[nodiscard]] Block encode_trailer(const ShardTrailer& trailer);
// Both throw Error{kBadData} naming `path` and the field.
[[nodiscard]] ShardIdentity decode_header(const Block& block, const std::string& path);
[[nodiscard]] ShardTrailer decode_trailer(const Block& block, const std::string& path);

void encode_section(const SectionEntry& section, std::span<std::byte, kSectionEntryBytes> out);
[[nodiscard]] SectionEntry decode_section(std::span<const std::byte, kSectionEntryBytes> in);
void encode_record(const RecordEntry& record, std::span<std::byte, kRecordEntryBytes> out);
// What can be checked of a row alone, whatever the container; Error{kBadData} names `path`,
// `record` and the field.
void check_record_entry(int codec, int channels, std::uint32_t width, std::uint32_t height,
                        const std::string& path, std::uint64_t record);
// As check_record_entry(), and the reserved field.
[[nodiscard]] RecordEntry decode_record(std::span<const std::byte, kRecordEntryBytes> in,
                                        const std::string& path, std::uint64_t record);

// Bytes from `at` to the next multiple of `alignment`.
[[nodiscard]] constexpr std::uint64_t padding(std::uint64_t at, std::uint64_t alignment) {
  return (alignment - at % alignment) % alignment;
}

}  // namespace ringmaster::shard
