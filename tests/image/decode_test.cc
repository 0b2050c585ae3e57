#include <algorithm>
#include <array>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "image/image.h"
#include "tests/support/photo.h"

namespace ringmaster::image {
namespace {

using testing::encode_jpeg;
using ::testing::HasSubstr;
using testing::JpegKind;
using testing::photo_pixels;

constexpr int kHeight = 173, kWidth = 239;  // no multiple of any block

std::vector<std::byte> photo(const JpegKind& kind, int height = kHeight, int width = kWidth) {
  return encode_jpeg(photo_pixels(height, width, kind.channels, 1), height, width, kind);
}

Image cut(const Image& whole, const Crop& crop) {
  Image out{crop.height, crop.width, 3, {}};
  for (int y = crop.top; y < crop.top + crop.height; ++y) {
    const auto* row = whole.pixels.data() + 3 * (y * whole.width + crop.left);
    out.pixels.insert(out.pixels.end(), row, row + 3 * crop.width);
  }
  return out;
}

Crop random_crop(RandomStream& random, int height, int width) {
  Crop crop;
  crop.height = 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(height)));
  crop.width = 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(width)));
  crop.top = static_cast<int>(random.below(static_cast<std::uint32_t>(height - crop.height + 1)));
  crop.left = static_cast<int>(random.below(static_cast<std::uint32_t>(width - crop.width + 1)));
  return crop;
}

// What decoding says: the error's text, or "" where there is none.
std::string complaint(std::span<const std::byte> encoded, const Crop& crop = {}) {
  Image out;
  try {
    decode_rgb(encoded, crop, out);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
    return error.what();
  }
  return "";
}

class JpegKinds : public ::testing::TestWithParam<JpegKind> {};

TEST_P(JpegKinds, CropEqualsWholeThenCut) {
  RandomStream random(7, RandomUse::kTest, 0, 0);
  for (const auto& [height, width] : {std::pair{kHeight, kWidth}, {16, 16}, {1, 40}, {61, 3}}) {
    const auto encoded = photo(GetParam(), height, width);
    Image whole, crop_only;
    decode_rgb(encoded, {}, whole);
    ASSERT_EQ(whole.pixels.size(), static_cast<std::size_t>(height * width * 3));
    for (int i = 0; i < 300; ++i) {
      const Crop crop = random_crop(random, height, width);
      decode_rgb(encoded, crop, crop_only);
      ASSERT_EQ(crop_only.height, crop.height);
      ASSERT_EQ(crop_only.width, crop.width);
      ASSERT_EQ(crop_only.pixels, cut(whole, crop).pixels)
          << crop.height << " x " << crop.width << " at " << crop.top << ", " << crop.left << " of "
          << height << " x " << width;
    }
  }
}

TEST_P(JpegKinds, HeaderSaysSizeAndChannels) {
  const Header header = read_header(photo(GetParam()));
  EXPECT_EQ(header.format, Format::kJpeg);
  EXPECT_EQ(header.height, kHeight);
  EXPECT_EQ(header.width, kWidth);
  EXPECT_EQ(header.channels, GetParam().channels);
}

TEST_P(JpegKinds, EveryTruncationIsAnError) {
  const auto encoded = photo(GetParam(), 61, 45);
  for (std::size_t size = 0; size < encoded.size(); size += 1 + size / 200)
    EXPECT_NE(complaint(std::span(encoded).first(size)), "") << size << " of " << encoded.size();
  EXPECT_NE(complaint(std::span(encoded).first(encoded.size() - 2)), "");  // only the end marker
  EXPECT_EQ(complaint(encoded), "");
}

// Damage may decode to other pixels, as a JPEG carries no check sum; it must neither crash nor be
// anything but Error{kBadData}.
TEST_P(JpegKinds, DamagedBytesAreSurvived) {
  const auto good = photo(GetParam(), 61, 45);
  RandomStream random(9, RandomUse::kTest, 0, 0);
  int errors = 0;
  for (int i = 0; i < 400; ++i) {
    auto bad = good;
    for (int hit = 0; hit < 3; ++hit)
      bad[random.below(static_cast<std::uint32_t>(bad.size()))] = std::byte(random.below(256));
    errors += complaint(bad).empty() ? 0 : 1;
    errors += complaint(bad, {5, 5, 20, 20}).empty() ? 0 : 1;
  }
  EXPECT_GT(errors, 0);
}

INSTANTIATE_TEST_SUITE_P(All, JpegKinds,
                         ::testing::Values(JpegKind{}, JpegKind{3, 2, 1}, JpegKind{3, 1, 1},
                                           JpegKind{3, 1, 2}, JpegKind{3, 4, 1}, JpegKind{1, 1, 1},
                                           JpegKind{4, 1, 1}, JpegKind{3, 2, 2, true},
                                           JpegKind{3, 1, 1, true}, JpegKind{1, 1, 1, true},
                                           JpegKind{3, 2, 2, false, 1}, JpegKind{3, 1, 1, false, 2},
                                           JpegKind{3, 2, 2, true, 1},
                                           JpegKind{3, 2, 2, false, 0, 90, true}));

TEST(DecodeJpeg, GreyIsRepeated) {
  Image out;
  decode_rgb(photo({1}), {}, out);
  ASSERT_EQ(out.channels, 3);
  for (std::size_t i = 0; i < out.pixels.size(); i += 3) {
    ASSERT_EQ(out.pixels[i], out.pixels[i + 1]);
    ASSERT_EQ(out.pixels[i], out.pixels[i + 2]);
  }
}

TEST(DecodeJpeg, CropOutsideIsAnError) {
  const auto encoded = photo({});
  for (const Crop crop : {Crop{0, 0, kHeight + 1, 1}, Crop{0, kWidth - 4, 1, 5}, Crop{-1, 0, 2, 2},
                          Crop{0, 0, 5, 0}, Crop{2, 2, 2147483647, 2}})
    EXPECT_THAT(complaint(encoded, crop), HasSubstr("does not lie in the image"));
}

// The size stands 5 bytes behind the frame header's marker.
std::vector<std::byte> with_size(std::vector<std::byte> encoded, int height, int width) {
  const std::array<std::byte, 2> marker = {std::byte{0xFF}, std::byte{0xC0}};
  const auto at = std::search(encoded.begin(), encoded.end(), marker.begin(), marker.end()) + 5;
  at[0] = std::byte(height >> 8), at[1] = std::byte(height & 255);
  at[2] = std::byte(width >> 8), at[3] = std::byte(width & 255);
  return encoded;
}

TEST(DecodeJpeg, SizesThatTheFileCannotHoldAreRefusedBeforeAnyAllocation) {
  const auto encoded = photo({});
  ASSERT_EQ(complaint(with_size(encoded, kHeight, kWidth)), "");
  EXPECT_THAT(complaint(with_size(encoded, 65000, 65000)), HasSubstr("more than the"));
  EXPECT_THAT(complaint(with_size(encoded, 16000, 16000)), HasSubstr("can't hold"));
  EXPECT_NE(complaint(with_size(encoded, kHeight + 40, kWidth)), "");  // ends too early
  EXPECT_NE(complaint(with_size(encoded, 0, kWidth)), "");
}

TEST(DecodeJpeg, MoreScansThanAnyRealFileHasAreRefused) {
  const auto good = photo({3, 1, 1, false, 0, 90, true});
  const std::array<std::byte, 2> scan = {std::byte{0xFF}, std::byte{0xDA}};
  const auto last = std::find_end(good.begin(), good.end(), scan.begin(), scan.end());
  std::vector<std::byte> bad = good;
  bad.erase(bad.end() - 2, bad.end());  // the end marker
  for (int i = 0; i < 600; ++i) bad.insert(bad.end(), last, good.end() - 2);
  bad.insert(bad.end(), good.end() - 2, good.end());
  EXPECT_THAT(complaint(bad), HasSubstr("more than 500 scans"));
}

TEST(DecodeJpeg, DamageInsideARestartIntervalIsFound) {
  const auto good = photo({3, 2, 2, false, 1});
  const std::array<std::byte, 2> restart = {std::byte{0xFF}, std::byte{0xD2}};
  auto bad = good;
  const auto at = std::search(bad.begin(), bad.end(), restart.begin(), restart.end());
  ASSERT_NE(at, bad.end());
  at[1] = std::byte{0xD5};  // an interval is lost
  EXPECT_NE(complaint(bad), "");
  bad = good;
  bad.insert(bad.begin() + (at - bad.begin()), 5, std::byte{0x11});  // bytes too many in one
  EXPECT_NE(complaint(bad), "");
}

TEST(DecodeJpeg, BytesLeftBeforeTheEndMarkerAreAccepted) {
  auto encoded = photo({});
  encoded.insert(encoded.end() - 2, 3, std::byte{0x00});
  EXPECT_EQ(complaint(encoded), "");
}

TEST(Decode, OtherFilesAreRefused) {
  const auto refused = [](std::string_view text) {
    return complaint(std::as_bytes(std::span(text.data(), text.size())));
  };
  EXPECT_THAT(refused(""), HasSubstr("neither JPEG nor PNG"));
  EXPECT_THAT(refused("GIF89a..."), HasSubstr("neither JPEG nor PNG"));
  EXPECT_THAT(refused("\xFF\xD8\xFF"), HasSubstr("damaged JPEG"));
  EXPECT_THAT(refused("\x89PNG\r\n\x1A\n"), HasSubstr("damaged PNG: truncated"));
}

}  // namespace
}  // namespace ringmaster::image
