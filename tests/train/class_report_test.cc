#include "train/class_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::train {
namespace {

using ::testing::ElementsAre;

Answer said(std::int64_t target, std::int64_t predicted, bool top5 = true) {
  return {target, predicted, top5};
}

TEST(ClassReport, CountsClassesAndPairs) {
  const std::vector<Answer> answers = {said(0, 0), said(0, 1), said(0, 1),        said(2, 1),
                                       said(2, 0), said(2, 2), said(2, -1, false)};
  const ClassReport report = class_report(answers, 4);
  ASSERT_EQ(report.classes.size(), 4u);
  EXPECT_EQ(report.classes[0].images, 3);
  EXPECT_EQ(report.classes[0].hits1, 1);
  EXPECT_EQ(report.classes[0].hits5, 3);
  EXPECT_EQ(report.classes[1].images, 0);
  EXPECT_EQ(report.classes[2].images, 4);
  EXPECT_EQ(report.classes[2].hits5, 3);
  // What is said of an image without an answer confuses it with nothing.
  EXPECT_THAT(report.confusions,
              ElementsAre(Confusion{0, 1, 2}, Confusion{2, 0, 1}, Confusion{2, 1, 1}));
}

TEST(ClassReport, TheWorstHaveImagesAndEqualOnesComeByLabel) {
  ClassReport report;
  report.classes = {{3, 1, 3}, {0, 0, 0}, {4, 0, 0}, {6, 2, 6}, {2, 2, 2}};
  EXPECT_THAT(worst_classes(report, 9), ElementsAre(2, 0, 3, 4));
  EXPECT_THAT(worst_classes(report, 2), ElementsAre(2, 0));
  EXPECT_THAT(worst_classes(report, 0), ElementsAre());
}

}  // namespace
}  // namespace ringmaster::train
