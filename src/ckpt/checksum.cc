#include "ckpt/checksum.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::string_view kTag = "ringmaster-xxh3-128:";
constexpr std::size_t kHexBytes = 32;
constexpr std::size_t kEndRecordBytes = 22;  // of an archive without a comment
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

}  // namespace

ChecksumWriter::ChecksumWriter(WritableFile& file) : file_(file) {
  pending_.reserve(kBufferBytes);
}

void ChecksumWriter::append(std::span<const std::byte> data) {
  if (pending_.size() + data.size() > kBufferBytes) {
    // The last record may be split over two calls: only what is followed by as many bytes goes out.
    const std::size_t from_data = data.size() > kEndRecordBytes ? data.size() - kEndRecordBytes : 0;
    const std::size_t kept = data.size() >= kEndRecordBytes ? 0 : kEndRecordBytes - data.size();
    const std::size_t from_pending = pending_.size() - std::min(kept, pending_.size());
    flush(std::span(pending_).first(from_pending));
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(from_pending));
    flush(data.first(from_data));
    data = data.subspan(from_data);
  }
  pending_.insert(pending_.end(), data.begin(), data.end());
}

void ChecksumWriter::flush(std::span<const std::byte> data) {
  if (data.empty()) return;
  hasher_.update(data);
  file_.append(data);
  flushed_bytes_ += data.size();
}

std::uint64_t ChecksumWriter::finish() {
  RM_CHECK_LE(kEndRecordBytes, pending_.size());
  const auto record = std::span(pending_).last(kEndRecordBytes);
  RM_CHECK(record[0] == std::byte{'P'} && record[1] == std::byte{'K'} &&
               record[2] == std::byte{5} && record[3] == std::byte{6} &&
               record[20] == std::byte{0} && record[21] == std::byte{0},
           "the archive does not end with a record without comment");
  record[20] = static_cast<std::byte>(kTag.size() + kHexBytes);
  flush(pending_);
  pending_.clear();
  flush(std::as_bytes(std::span(kTag)));
  const std::string hex = hasher_.hex128();
  file_.append(std::as_bytes(std::span(hex)));
  return flushed_bytes_ + hex.size();
}

void require_checksum(const ReadableFile& file, const std::string& path) {
  const std::uint64_t size_bytes = file.size_bytes();
  std::string end(kTag.size() + kHexBytes, '\0');
  const bool large_enough = size_bytes >= kEndRecordBytes + end.size();
  if (large_enough) {
    file.read_at(size_bytes - end.size(), std::as_writable_bytes(std::span(end)));
  }
  RM_REQUIRE(large_enough && std::string_view(end).substr(0, kTag.size()) == kTag,
             ErrorKind::kBadData, path,
             " does not end with a checksum: it is truncated, damaged or no checkpoint of a run");
  Hasher hasher;
  const std::uint64_t hashed_bytes = size_bytes - kHexBytes;
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, hashed_bytes)));
  for (std::uint64_t offset = 0; offset < hashed_bytes;) {
    const auto n =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), hashed_bytes - offset));
    file.read_at(offset, std::span(buffer).first(n));
    hasher.update(std::span<const std::byte>(buffer).first(n));
    offset += n;
  }
  RM_REQUIRE(std::string_view(end).substr(kTag.size()) == hasher.hex128(), ErrorKind::kBadData,
             path, " is damaged: its content does not fit its checksum");
}

}  // namespace ringmaster::ckpt
