// Decoding against Pillow: make_references.py asks it.
#include <cstdlib>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/image.h"
#include "tests/support/reference_files.h"

namespace ringmaster::image {
namespace {

class Referee : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<testing::ReferenceFiles>("tests/image/make_references.py");
  }
  static void TearDownTestSuite() { files_.reset(); }
  static std::string text_of(const std::string& name) { return files_->text(name); }
  static std::vector<std::uint8_t> bytes_of(const std::string& name) { return files_->bytes(name); }

 private:
  static std::unique_ptr<testing::ReferenceFiles> files_;
};

std::unique_ptr<testing::ReferenceFiles> Referee::files_;

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST_F(Referee, DecodesAsPillow) {
  std::istringstream index(text_of("index"));
  std::string name;
  int height = 0, width = 0, cases = 0;
  while (index >> name >> height >> width) {
    SCOPED_TRACE(name);
    const std::string encoded = text_of(name);
    const auto bytes = std::as_bytes(std::span(encoded));
    const Header header = read_header(bytes);
    EXPECT_EQ(header.height, height);
    EXPECT_EQ(header.width, width);
    Image out;
    decode_rgb(bytes, {}, out);
    EXPECT_EQ(largest_difference(out.pixels, bytes_of(name + ".rgb")), 0);
    ++cases;
  }
  EXPECT_EQ(cases, 19);
}

TEST_F(Referee, PngCropsAreCutOfTheWhole) {
  for (const std::string name : {"rgb.png", "palette.png", "bits.png", "interlaced.png"}) {
    const std::string encoded = text_of(name);
    const auto whole = bytes_of(name + ".rgb");
    Image out;
    const Crop crop{17, 40, 30, 21};
    decode_rgb(std::as_bytes(std::span(encoded)), crop, out);
    std::vector<std::uint8_t> expected;
    for (int y = crop.top; y < crop.top + crop.height; ++y) {
      const auto* row = whole.data() + 3 * (y * 131 + crop.left);
      expected.insert(expected.end(), row, row + 3 * crop.width);
    }
    EXPECT_EQ(out.pixels, expected) << name;
  }
}

TEST_F(Referee, DamagedPngsAreErrors) {
  for (const std::string name : {"rgb.png", "palette.png", "grey_alpha.png"}) {
    const std::string encoded = text_of(name);
    const auto bytes = std::as_bytes(std::span(encoded));
    Image out;
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 50)
      EXPECT_THROW(decode_rgb(bytes.first(size), {}, out), Error) << name << " " << size;
    EXPECT_THROW(decode_rgb(bytes.first(bytes.size() - 1), {}, out), Error) << name;
    std::string flipped = encoded;
    flipped[flipped.size() / 2] ^= 0x10;
    EXPECT_THROW(decode_rgb(std::as_bytes(std::span(flipped)), {}, out), Error) << name;
  }
}

TEST_F(Referee, APngThatSaysMoreThanItHoldsIsRefusedBeforeAnyAllocation) {
  const std::string encoded = text_of("lies.png");
  Image out;
  try {
    decode_rgb(std::as_bytes(std::span(encoded)), {}, out);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("can't hold 16000 x 16000"));
  }
}

}  // namespace
}  // namespace ringmaster::image
