#include "base/stream_copy.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

// Sizes around the line of 64 bytes, from and to any place in one; what lies beside stays.
TEST(StreamCopy, CopiesAllAndNothingElse) {
  constexpr std::size_t kMost = 300, kBeside = 70;
  std::vector<std::byte> from(kMost + kBeside);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 7 + 1);
  for (std::size_t size = 0; size <= kMost; size += size < 70 ? 1 : 23) {
    for (std::size_t shift = 0; shift < 64; ++shift) {
      const std::size_t begin = 63 - shift;
      std::vector<std::byte> to(kMost + 2 * kBeside);
      stream_copy(to.data() + begin, from.data() + shift, size);
      std::vector<std::byte> expected(to.size());
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(shift), size,
                  expected.begin() + static_cast<std::ptrdiff_t>(begin));
      ASSERT_TRUE(to == expected) << size << " bytes, shifted by " << shift;
    }
  }
}

}  // namespace
}  // namespace ringmaster
