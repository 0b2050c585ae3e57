// Reads the zip files that PyTorch writes: stored (not compressed) entries, one disk, zip64 where
// needed (APPNOTE.TXT 6.3.10). Made for files from anywhere: every offset and size is checked
// against the file before it is used, and every payload against its CRC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::ckpt {

struct ZipEntry {
  std::string name;
  std::uint64_t header_offset_bytes = 0;  // of its local header
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32 = 0;
};

// Immutable once made: any number of threads.
class ZipReader {
 public:
  // `path` is for messages. Error{kBadData} for anything that is not such a zip file.
  ZipReader(std::unique_ptr<ReadableFile> file, std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return file_->size_bytes(); }
  [[nodiscard]] const std::vector<ZipEntry>& entries() const { return entries_; }
  // nullptr where there is none.
  [[nodiscard]] const ZipEntry* find(const std::string& name) const;
  // Fills `out`, which must have the entry's size. Error{kBadData} naming the entry where the CRC
  // does not fit.
  void read(const ZipEntry& entry, std::span<std::byte> out) const;

 private:
  struct Directory {
    std::uint64_t offset_bytes = 0, size_bytes = 0, entries = 0;
  };
  [[nodiscard]] Directory find_directory() const;
  [[nodiscard]] Directory read_zip64_directory(std::uint64_t end_offset_bytes) const;
  void read_directory(const Directory& directory);

  std::unique_ptr<ReadableFile> file_;
  std::string path_;
  std::vector<ZipEntry> entries_;  // by name
};

}  // namespace ringmaster::ckpt
