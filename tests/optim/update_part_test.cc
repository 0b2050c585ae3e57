#include "optim/update_part.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::optim {
namespace {

using ::testing::ElementsAre;

TEST(SplitUpdate, EndsPartsAtTheNearestSlot) {
  const std::vector<std::int64_t> slots = {0, 10, 48, 60, 90};
  EXPECT_THAT(split_update(slots, 100, 1), ElementsAre(UpdatePart{0, 100}));
  EXPECT_THAT(split_update(slots, 100, 2), ElementsAre(UpdatePart{0, 48}, UpdatePart{48, 100}));
  EXPECT_THAT(split_update(slots, 100, 4), ElementsAre(UpdatePart{0, 10}, UpdatePart{10, 48},
                                                       UpdatePart{48, 90}, UpdatePart{90, 100}));
}

TEST(SplitUpdate, LeavesPartsEmptyWhereThereAreFewerSlots) {
  EXPECT_THAT(split_update({0}, 64, 3),
              ElementsAre(UpdatePart{0, 0}, UpdatePart{0, 64}, UpdatePart{64, 64}));
  EXPECT_THAT(split_update({}, 64, 2), ElementsAre(UpdatePart{0, 64}, UpdatePart{64, 64}));
}

// Whatever the slots: in order, without gaps, to the end, and no slot in two.
TEST(SplitUpdate, CoversAllForAnyNumberOfParts) {
  std::vector<std::int64_t> slots;
  std::int64_t elems = 0;
  for (const std::int64_t count : {64, 9408, 16, 36864, 2359296, 2048, 2048000, 1000, 16}) {
    slots.push_back(elems);
    elems += count;
  }
  for (int parts = 1; parts <= 40; ++parts) {
    std::int64_t end = 0;
    for (const UpdatePart& part : split_update(slots, elems, parts)) {
      ASSERT_EQ(part.begin_elems, end) << parts;
      ASSERT_LE(part.begin_elems, part.end_elems) << parts;
      end = part.end_elems;
      ASSERT_TRUE(end == elems || std::find(slots.begin(), slots.end(), end) != slots.end());
    }
    ASSERT_EQ(end, elems) << parts;
  }
}

TEST(UpdatePart, HasWhatBeginsInIt) {
  EXPECT_TRUE(UpdatePart().has(0));
  EXPECT_TRUE((UpdatePart{8, 16}.has(8)));
  EXPECT_FALSE((UpdatePart{8, 16}.has(16)));
  EXPECT_FALSE((UpdatePart{8, 8}.has(8)));
}

}  // namespace
}  // namespace ringmaster::optim
