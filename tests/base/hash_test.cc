#include "base/hash.h"

#define XXH_INLINE_ALL
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <xxhash.h>

namespace ringmaster {
namespace {

std::string hex128_at_once(std::span<const std::byte> data) {
  const XXH128_hash_t hash = XXH3_128bits(data.data(), data.size());
  return hex64(hash.high64) + hex64(hash.low64);
}

// XXH3 takes other ways up to 16, 128, 240 bytes, its buffer's 256, and a block of 1024.
TEST(HasherTest, BothDigestsAreThoseOfAllBytesAtOnce) {
  std::vector<std::byte> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 % 251);
  for (std::size_t size = 0; size <= bytes.size(); size += size < 1100 ? 1 : 97) {
    const std::span<const std::byte> data = std::span<const std::byte>(bytes).first(size);
    for (const std::size_t piece : {std::size_t{7}, std::size_t{256}, size + 1}) {
      Hasher hasher;
      for (std::size_t at = 0; at < size; at += piece)
        hasher.update(data.subspan(at, std::min(piece, size - at)));
      EXPECT_EQ(hasher.digest64(), XXH3_64bits(data.data(), size)) << size << " by " << piece;
      EXPECT_EQ(hasher.hex128(), hex128_at_once(data)) << size << " by " << piece;
      EXPECT_EQ(hasher.digest64(), xxh3_64(data)) << "a digest changes nothing";
    }
  }
}

TEST(HasherTest, HexIsLowerCaseWithAllDigits) {
  EXPECT_EQ(hex64(0xABCDEF), "0000000000abcdef");
}

}  // namespace
}  // namespace ringmaster
