#include "shard/shard_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::shard {

void read_payload(const ReadableFile& file, const std::string& path, std::uint64_t record,
                  const PayloadRow& row, std::vector<std::byte>& out) {
  out.resize(row.size_bytes);
  file.read_at(row.offset_bytes, out);
  const std::uint64_t hash = xxh3_64(out);
  RM_REQUIRE(hash == row.hash, ErrorKind::kBadData, path, " record ", record,
             ": the payload's hash is ", hex64(hash), ", not ", hex64(row.hash),
             ": the shard is damaged. Copy it again, or pack again");
}

std::string hash_file(FileSystem& files, const std::string& path) {
  const auto file = files.open(path);
  std::vector<std::byte> buffer(std::min<std::uint64_t>(file->size_bytes(), 1 << 20));
  Hasher hasher;
  for (std::uint64_t at = 0; at < file->size_bytes();) {
    const auto part =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), file->size_bytes() - at));
    file->read_at(at, part);
    hasher.update(part);
    at += part.size();
  }
  return hasher.hex128();
}

}  // namespace ringmaster::shard
