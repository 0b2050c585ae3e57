#include "ckpt/zip_reader.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "ckpt/byte_cursor.h"
#include "ckpt/crc32.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::size_t kLocalHeaderBytes = 30, kEndBytes = 22, kEnd64Bytes = 56,
                      kLocator64Bytes = 20;
constexpr std::size_t kMaxCommentBytes = 65535;
constexpr std::uint64_t kMaxDirectoryBytes = 64 << 20;  // a thousand tensors need 0.1 MB
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;             // "see the zip64 field"

std::vector<std::byte> read_part(const ReadableFile& file, std::uint64_t offset_bytes,
                                 std::size_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  file.read_at(offset_bytes, bytes);
  return bytes;
}

// Where in `tail`, the file's last bytes, the end record begins: its comment must reach the end.
std::optional<std::size_t> find_end_record(std::span<const std::byte> tail,
                                           const std::string& path) {
  for (std::size_t comment = 0; comment + kEndBytes <= tail.size(); ++comment) {
    const std::size_t at = tail.size() - kEndBytes - comment;
    ByteCursor cursor(tail.subspan(at), path);
    if (cursor.u32() != kEnd) continue;
    cursor.skip(16);
    if (cursor.u16() == comment) return at;
  }
  return std::nullopt;
}

// The zip64 extra field (header id 1) holds those of the sizes and the offset, in this order, whose
// 32-bit field is all ones.
void apply_zip64(std::span<const std::byte> extra, const std::string& path,
                 std::uint64_t& size_bytes, std::uint64_t& stored_bytes,
                 std::uint64_t& offset_bytes) {
  ByteCursor fields(extra, path);
  while (fields.left_bytes() >= 4) {
    const std::uint16_t id = fields.u16();
    ByteCursor field(fields.take(fields.u16()), path);
    if (id != 1) continue;
    for (std::uint64_t* value : {&size_bytes, &stored_bytes, &offset_bytes}) {
      if (*value == kIn64) *value = field.u64();
    }
    return;
  }
}

ZipEntry read_entry(ByteCursor& cursor, const std::string& path) {
  RM_REQUIRE(cursor.u32() == kCentralHeader, ErrorKind::kBadData, path,
             " is damaged: its zip directory has no entry where one must be");
  ZipEntry entry;
  cursor.skip(4);
  const std::uint16_t flags = cursor.u16(), method = cursor.u16();
  cursor.skip(4);
  entry.crc32 = cursor.u32();
  std::uint64_t stored_bytes = cursor.u32();
  entry.size_bytes = cursor.u32();
  const std::size_t name_bytes = cursor.u16(), extra_bytes = cursor.u16(),
                    comment_bytes = cursor.u16();
  cursor.skip(8);
  entry.header_offset_bytes = cursor.u32();
  const auto name = cursor.take(name_bytes);
  entry.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  apply_zip64(cursor.take(extra_bytes), path, entry.size_bytes, stored_bytes,
              entry.header_offset_bytes);
  cursor.skip(comment_bytes);
  RM_REQUIRE(method == 0 && (flags & 1) == 0 && stored_bytes == entry.size_bytes,
             ErrorKind::kBadData, path, ": ", entry.name,
             " is compressed or encrypted, which PyTorch's files never are");
  return entry;
}

}  // namespace

ZipReader::ZipReader(std::unique_ptr<ReadableFile> file, std::string path)
    : file_(std::move(file)), path_(std::move(path)) {
  read_directory(find_directory());
}

ZipReader::Directory ZipReader::find_directory() const {
  const std::uint64_t size_bytes = file_->size_bytes();
  const auto tail_bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, kEndBytes + kMaxCommentBytes));
  const auto tail = read_part(*file_, size_bytes - tail_bytes, tail_bytes);
  const auto at = find_end_record(tail, path_);
  RM_REQUIRE(at.has_value(), ErrorKind::kBadData, path_,
             " is not a zip file, or cut short: PyTorch 1.6 and later write zip files");
  const std::uint64_t end_offset_bytes = size_bytes - tail_bytes + *at;
  ByteCursor end(std::span<const std::byte>(tail).subspan(*at), path_);
  end.skip(10);
  Directory directory;
  directory.entries = end.u16();
  directory.size_bytes = end.u32();
  directory.offset_bytes = end.u32();
  if (directory.entries == 0xFFFF || directory.size_bytes == kIn64 ||
      directory.offset_bytes == kIn64) {
    directory = read_zip64_directory(end_offset_bytes);
  }
  RM_REQUIRE(directory.size_bytes <= std::min(kMaxDirectoryBytes, end_offset_bytes) &&
                 directory.offset_bytes <= end_offset_bytes - directory.size_bytes,
             ErrorKind::kBadData, path_, " is damaged: its zip directory lies outside the file");
  return directory;
}

ZipReader::Directory ZipReader::read_zip64_directory(std::uint64_t end_offset_bytes) const {
  const char* const what = " is damaged: its zip64 end record is not where it must be";
  RM_REQUIRE(end_offset_bytes >= kLocator64Bytes, ErrorKind::kBadData, path_, what);
  const auto locator_bytes = read_part(*file_, end_offset_bytes - kLocator64Bytes, kLocator64Bytes);
  ByteCursor locator(locator_bytes, path_);
  RM_REQUIRE(locator.u32() == kLocator64, ErrorKind::kBadData, path_, what);
  locator.skip(4);
  const std::uint64_t offset_bytes = locator.u64();
  RM_REQUIRE(offset_bytes <= end_offset_bytes && end_offset_bytes - offset_bytes >= kEnd64Bytes,
             ErrorKind::kBadData, path_, what);
  const auto record_bytes = read_part(*file_, offset_bytes, kEnd64Bytes);
  ByteCursor record(record_bytes, path_);
  RM_REQUIRE(record.u32() == kEnd64, ErrorKind::kBadData, path_, what);
  record.skip(28);
  Directory directory;
  directory.entries = record.u64();
  directory.size_bytes = record.u64();
  directory.offset_bytes = record.u64();
  return directory;
}

void ZipReader::read_directory(const Directory& directory) {
  const auto bytes =
      read_part(*file_, directory.offset_bytes, static_cast<std::size_t>(directory.size_bytes));
  ByteCursor cursor(bytes, path_);
  for (std::uint64_t i = 0; i < directory.entries; ++i)
    entries_.push_back(read_entry(cursor, path_));
  const auto less = [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; };
  std::sort(entries_.begin(), entries_.end(), less);
  const auto twice =
      std::adjacent_find(entries_.begin(), entries_.end(),
                         [](const ZipEntry& a, const ZipEntry& b) { return a.name == b.name; });
  RM_REQUIRE(twice == entries_.end(), ErrorKind::kBadData, path_, " holds ", twice->name,
             " twice: it is damaged");
}

const ZipEntry* ZipReader::find(const std::string& name) const {
  const auto at = std::lower_bound(
      entries_.begin(), entries_.end(), name,
      [](const ZipEntry& entry, const std::string& wanted) { return entry.name < wanted; });
  return at != entries_.end() && at->name == name ? &*at : nullptr;
}

void ZipReader::read(const ZipEntry& entry, std::span<std::byte> out) const {
  RM_CHECK_EQ(out.size(), entry.size_bytes, entry.name);
  const std::uint64_t file_bytes = file_->size_bytes();
  RM_REQUIRE(file_bytes >= kLocalHeaderBytes &&
                 entry.header_offset_bytes <= file_bytes - kLocalHeaderBytes,
             ErrorKind::kBadData, path_, ": ", entry.name, " lies outside the file");
  const auto header_bytes = read_part(*file_, entry.header_offset_bytes, kLocalHeaderBytes);
  ByteCursor header(header_bytes, path_);
  RM_REQUIRE(header.u32() == kLocalHeader, ErrorKind::kBadData, path_, ": ", entry.name,
             " has no header where the directory says");
  header.skip(22);
  const std::uint64_t name_bytes = header.u16(), extra_bytes = header.u16();
  file_->read_at(entry.header_offset_bytes + kLocalHeaderBytes + name_bytes + extra_bytes, out);
  RM_REQUIRE(crc32(out) == entry.crc32, ErrorKind::kBadData, path_, ": ", entry.name,
             " is damaged: its content does not fit its CRC");
}

}  // namespace ringmaster::ckpt
