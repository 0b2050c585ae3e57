// One hash over a whole checkpoint file, kept where zip readers don't mind: in the archive comment,
// the last field of the end-of-central-directory record (APPNOTE.TXT 6.3.10, §4.3.16).
//
//   | zip archive, its last record saying that a comment of 52 bytes follows | tag | hash |
//
// tag: "ringmaster-xxh3-128:"; hash: 32 hex digits, XXH3-128 of every byte before it, tag included.
// So whatever byte changes, the hash or the tag no longer fits. (Zip's own CRCs cover the payloads
// but not the names, sizes and offsets that say which payload is which, and LibTorch's zip reader
// is built without the check.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"

namespace ringmaster::ckpt {

// Passes a zip archive on to a file, in large pieces, and ends it with the hash.
class ChecksumWriter {
 public:
  explicit ChecksumWriter(WritableFile& file);
  void append(std::span<const std::byte> data);
  // Call once, after the archive's last byte. Returns the file's size. Does not sync or close.
  [[nodiscard]] std::uint64_t finish();

 private:
  void flush(std::span<const std::byte> data);

  WritableFile& file_;
  Hasher hasher_;
  std::vector<std::byte> pending_;  // always holds the archive's last record, once that is there
  std::uint64_t flushed_bytes_ = 0;
};

// Error{kBadData} where `file` (called `path` in messages) does not end with the hash of its
// content. Reads all of it.
void require_checksum(const ReadableFile& file, const std::string& path);

}  // namespace ringmaster::ckpt
