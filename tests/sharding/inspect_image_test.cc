#include "sharding/inspect_image.h"

#include <gtest/gtest.h>

#include "base/philox.h"
#include "sharding/audit.h"
#include "sharding/jpeg_facts.h"
#include "sharding/listed_source.h"
#include "tests/support/photo.h"

namespace ringmaster::sharding {
namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// An EXIF segment with the orientation behind another entry, in either byte order.
std::string exif(bool little, char orientation) {
  const auto number = [&](std::string big) {
    return little ? std::string(big.rbegin(), big.rend()) : big;
  };
  const auto two = [&](int value) {
    return number({static_cast<char>(value >> 8), static_cast<char>(value)});
  };
  const auto four = [&](int value) {
    return number({0, 0, static_cast<char>(value >> 8), static_cast<char>(value)});
  };
  const std::string pad(2, '\0');
  const std::string tiff = (little ? "II" : "MM") + two(42) + four(8) + two(2) + two(0x100) +
                           two(4) + four(1) + four(7) + two(0x112) + two(3) + four(1) +
                           two(orientation) + pad + four(0);
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  const auto size = static_cast<int>(body.size()) + 2;
  return std::string("\xff\xe1", 2) + static_cast<char>(size >> 8) + static_cast<char>(size) + body;
}

TEST(JpegFacts, OrientationInBothByteOrders) {
  for (const bool little : {true, false}) {
    for (char orientation = 1; orientation <= 8; ++orientation)
      EXPECT_EQ(read_jpeg_facts(bytes_of("\xff\xd8" + exif(little, orientation))).orientation,
                orientation);
    EXPECT_EQ(read_jpeg_facts(bytes_of("\xff\xd8" + exif(little, 9))).orientation, 1);
  }
}

TEST(JpegFacts, DamageAnywhereEndsTheWalk) {
  const auto sound =
      testing::encode_jpeg(testing::photo_pixels(24, 32, 4, 3), 24, 32, {.channels = 4});
  EXPECT_EQ(read_jpeg_facts(sound).components, 4);
  const std::string header = "\xff\xd8" + exif(true, 6);
  for (std::uint64_t run = 0; run < 20000; ++run) {
    RandomStream random(5, RandomUse::kTest, run, 0);
    std::vector<std::byte> damaged = run % 2 == 0 ? sound : bytes_of(header);
    for (int i = 0; i < 3; ++i)
      damaged[random.below(static_cast<std::uint32_t>(damaged.size()))] =
          std::byte(random.below(256));
    damaged.resize(random.below(static_cast<std::uint32_t>(damaged.size()) + 1));
    const JpegFacts facts = read_jpeg_facts(damaged);
    EXPECT_GE(facts.orientation, 1);
    EXPECT_LE(facts.orientation, 8);
  }
}

TEST(InspectImage, OneDecodeTellsEverything) {
  const auto cmyk =
      testing::encode_jpeg(testing::photo_pixels(24, 32, 4, 3), 24, 32, {.channels = 4});
  image::Image scratch;
  const Inspection seen = inspect_image("a.JPEG", cmyk, CheckDepth::kDecode, scratch);
  ASSERT_EQ(seen.findings.size(), 2u);
  EXPECT_EQ(seen.findings[0].kind, FindingKind::kCmyk);
  EXPECT_EQ(seen.findings[1].kind, FindingKind::kTiny);
  EXPECT_EQ(seen.bad(), nullptr);
  EXPECT_TRUE(seen.decoded);
  EXPECT_EQ(scratch.width, 32);
  for (const FindingKind kind : all_kinds()) EXPECT_EQ(parse_kind(name_of(kind)), kind);
}

Listing imagenet_listing() {
  Listing listing{.kind = "a double of ImageNet's listing"};
  SourceSplit train{"train", {}}, val{"val", {}};
  for (std::uint32_t label = 0; label < 1000; ++label) {
    listing.classes.push_back("n" + std::to_string(10000000 + label));
    // 1,281,167 images, between 732 and 1300 a class.
    const std::uint32_t count = label < 966 ? 1300 : label < 999 ? 732 : 1211;
    for (std::uint32_t i = 0; i < count; ++i) train.items.push_back({"", label, 1});
    for (std::uint32_t i = 0; i < 50; ++i) val.items.push_back({"", label, 1});
  }
  listing.splits.push_back({std::move(train), nullptr});
  listing.splits.push_back({std::move(val), nullptr});
  return listing;
}

TEST(Expectations, ImagenetsCountsAreKnown) {
  EXPECT_TRUE(unmet_expectations(*listed_source(imagenet_listing()), "imagenet").empty());
  Listing lacking = imagenet_listing();
  lacking.splits[1].split.items.pop_back();
  const auto unmet = unmet_expectations(*listed_source(std::move(lacking)), "imagenet");
  ASSERT_GE(unmet.size(), 2u);
  EXPECT_NE(unmet[unmet.size() - 2].find("val has 49,999 images"), std::string::npos);
  EXPECT_NE(unmet.back().find("49 images of n10000999"), std::string::npos);
}

}  // namespace
}  // namespace ringmaster::sharding
