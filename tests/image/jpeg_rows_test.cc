#include "image/jpeg_rows.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "image/jpeg_row_table.h"
#include "image/jpeg_segments.h"
#include "tests/support/photo.h"

namespace ringmaster::image {
namespace {

using testing::JpegKind;

std::vector<std::byte> photo(int height, int width, const JpegKind& kind, std::uint64_t seed = 3) {
  return testing::encode_jpeg(testing::photo_pixels(height, width, kind.channels, seed), height,
                              width, kind);
}

std::vector<std::byte> optimised(const std::vector<std::byte>& plain) {
  std::vector<std::byte> out;
  EXPECT_TRUE(optimise_jpeg(plain, out));
  return out;
}

std::vector<JpegKind> all_kinds() {
  std::vector<JpegKind> kinds = {
      {.channels = 1, .chroma_horizontal = 1, .chroma_vertical = 1},
      {.channels = 4, .chroma_horizontal = 1, .chroma_vertical = 1},
      {.progressive = true},
      {.channels = 1, .chroma_horizontal = 1, .chroma_vertical = 1, .progressive = true},
      {.restart_rows = 2},
      {.scan_by_scan = true}};
  for (const int across : {1, 2, 4})
    for (const int down : {1, 2})
      kinds.push_back({.chroma_horizontal = across, .chroma_vertical = down});
  return kinds;
}

// The promise: any crop of the rewritten file has the pixels of the same crop of the plain file.
TEST(JpegRows, CropsHaveThePlainFilesPixels) {
  int cut = 0, crops = 0;
  std::uint64_t run = 0;
  for (const JpegKind& kind : all_kinds()) {
    for (const auto& [height, width] :
         {std::pair{203, 187}, {96, 64}, {17, 250}, {250, 17}, {131, 129}}) {
      const auto plain = photo(height, width, kind, run);
      const auto fast = optimised(plain);
      Image whole_plain, whole_fast, want, got;
      decode_rgb(plain, {}, whole_plain);
      decode_rgb(fast, {}, whole_fast);
      ASSERT_EQ(whole_plain.pixels, whole_fast.pixels);
      RandomStream random(9, RandomUse::kTest, run++, 0);
      const auto below = [&](int n) {
        return static_cast<int>(random.below(static_cast<std::uint32_t>(n)));
      };
      for (int i = 0; i < 60; ++i, ++crops) {
        const int h = 1 + below(i % 2 == 0 ? height : std::max(1, height / 3));
        const int w = 1 + below(width);
        const Crop crop{below(height - h + 1), below(width - w + 1), h, w};
        decode_rgb(plain, crop, want);
        decode_rgb(fast, crop, got);
        ASSERT_EQ(want.pixels, got.pixels)
            << height << " x " << width << ", " << kind.channels << " channels, "
            << kind.chroma_horizontal << " x " << kind.chroma_vertical << ", crop " << crop.top
            << " " << crop.left << " " << crop.height << " " << crop.width;
        std::vector<std::byte> rows;
        Crop in_rows;
        if (cut_rows(fast, crop, rows, in_rows)) {
          ++cut;
          EXPECT_LT(rows.size(), fast.size());
        }
        EXPECT_FALSE(cut_rows(plain, crop, rows, in_rows));
      }
    }
  }
  EXPECT_GE(crops, 3000);
  EXPECT_GE(cut, 1000);
}

TEST(JpegRows, RewritingIsSmallerAndRewritingAgainChangesNothing) {
  const auto plain = photo(300, 400, {});
  const auto once = optimised(plain);
  EXPECT_LT(once.size(), plain.size());
  EXPECT_EQ(optimised(once), once);
}

TEST(JpegRows, SegmentsStay) {
  auto plain = photo(64, 64, {});
  const std::string segment(
      "\xFF\xE1\x00\x0C"
      "Exif\0\0test",
      14);
  const auto bytes = std::as_bytes(std::span(segment));
  plain.insert(plain.begin() + 2, bytes.begin(), bytes.end());
  const auto fast = optimised(plain);
  EXPECT_NE(std::search(fast.begin(), fast.end(), bytes.begin(), bytes.end()), fast.end());
}

TEST(JpegRows, DamagedFilesAreRefused) {
  const auto plain = photo(100, 100, {});
  for (std::size_t size = 0; size + 2 < plain.size(); size += 97) {
    std::vector<std::byte> out;
    EXPECT_THROW((void)optimise_jpeg(std::span(plain).first(size), out), Error) << size;
  }
}

// Whatever the table or the file says, cutting reads and writes inside its memory, and decoding
// gives pixels or kBadData.
TEST(JpegRows, MutatedFilesNeverDoMoreThanFail) {
  const auto sound = optimised(photo(120, 90, {}));
  const auto segments = read_segments(sound);
  std::size_t table = 0;
  for (const JpegSegment& segment : segments)
    if (segment.marker == kMarkerApp9) table = segment.begin;
  ASSERT_GT(table, 0u);
  int cut = 0;
  for (std::uint64_t run = 0; run < 4000; ++run) {
    RandomStream random(4, RandomUse::kTest, run, 0);
    auto bytes = sound;
    for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
      const std::size_t from = random.below(2) == 0 ? table : 0;
      const std::size_t span = from == 0 ? bytes.size() : 60;
      bytes[from + random.below(static_cast<std::uint32_t>(span))] =
          static_cast<std::byte>(random.below(256));
    }
    if (random.below(4) == 0) bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size())));
    std::vector<std::byte> rows;
    Crop in_rows;
    cut += cut_rows(bytes, {40, 10, 20, 30}, rows, in_rows) ? 1 : 0;
    try {
      Image out;
      decode_rgb(bytes, {40, 10, 20, 30}, out);
      EXPECT_EQ(out.pixels.size(), 20u * 30 * 3);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
    }
  }
  EXPECT_GT(cut, 100);
}

}  // namespace
}  // namespace ringmaster::image
