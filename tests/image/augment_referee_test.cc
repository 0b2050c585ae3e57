// Every augmentation at every magnitude that a policy draws, against torchvision on PIL images:
// make_augment_references.py asks it.
#include <cstdlib>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "image/augment_op.h"
#include "tests/support/reference_files.h"

namespace ringmaster::image {
namespace {

AugmentOp op_of(const std::string& name) {
  for (std::size_t i = 0; i < kAugmentOpNames.size(); ++i) {
    if (name == kAugmentOpNames[i]) return static_cast<AugmentOp>(i);
  }
  throw std::runtime_error("torchvision has an operation that we don't: " + name);
}

// Of two images of the same size; anything else is as far as it gets.
int largest_difference(const Image& ours, const std::uint8_t* theirs) {
  int largest = 0;
  for (std::size_t i = 0; i < ours.pixels.size(); ++i)
    largest = std::max(largest, std::abs(ours.pixels[i] - theirs[i]));
  return largest;
}

// One image: its cases against their results. The operations go into `seen`.
void compare(const testing::ReferenceFiles& files, const std::string& name, const Image& original,
             std::set<std::string>& seen) {
  const auto results = files.bytes(name + ".results");
  std::istringstream cases(files.text(name + ".cases"));
  std::string op;
  double magnitude = 0;
  std::size_t at = 0;
  Image spare;
  while (cases >> op >> magnitude) {
    Image image = original;
    apply(op_of(op), magnitude, image, spare);
    ASSERT_EQ(image.height, original.height);
    ASSERT_EQ(image.width, original.width);
    ASSERT_EQ(image.pixels.size(), original.pixels.size());
    ASSERT_LE(at + image.pixels.size(), results.size());
    EXPECT_EQ(largest_difference(image, results.data() + at), 0)
        << name << " " << op << " " << magnitude;
    at += image.pixels.size();
    seen.insert(op);
  }
  EXPECT_EQ(at, results.size());
}

TEST(Torchvision, AugmentsAsWe) {
  const testing::ReferenceFiles files("tests/image/make_augment_references.py");
  std::istringstream index(files.text("images"));
  std::string name;
  int height = 0, width = 0, images = 0;
  std::set<std::string> seen;
  while (index >> name >> height >> width) {
    compare(files, name, {height, width, 3, files.bytes(name + ".rgb")}, seen);
    ++images;
  }
  EXPECT_EQ(images, 12);
  EXPECT_EQ(seen.size(), kAugmentOpNames.size());
}

}  // namespace
}  // namespace ringmaster::image
