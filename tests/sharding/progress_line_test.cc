#include "sharding/progress_line.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

namespace ringmaster::sharding {
namespace {

class ProgressLineTest : public ::testing::Test {
 protected:
  ProgressLine make(bool terminal) {
    return ProgressLine(out_, {.verb = "packed",
                               .terminal = terminal,
                               .seconds = [this] { return now_; },
                               .stop_requested = [] { return false; }});
  }
  double now_ = 100;
  std::ostringstream out_;
};

TEST_F(ProgressLineTest, RateAndTimeLeft) {
  ProgressLine line = make(false);
  line.begin(60000, 47'040'000);
  now_ = 110;
  line.advance(12000, 9'408'000);
  EXPECT_EQ(out_.str(),
            "packed 12,000 of 60,000 images (20 %), 1,200 images/s, 0.9 MB/s, 40 s left\n");
}

TEST_F(ProgressLineTest, NotMoreOftenThanEveryTenSeconds) {
  ProgressLine line = make(false);
  line.begin(100, 0);
  for (int i = 0; i < 100; ++i) {
    now_ += 0.5;
    line.advance(1, 0);
  }
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST_F(ProgressLineTest, ATerminalHasOneLineThatIsErased) {
  ProgressLine line = make(true);
  line.begin(10, 0);
  now_ += 1;
  line.advance(1, 0);
  line.advance(1, 0);  // too soon to draw again
  EXPECT_EQ(out_.str(), "\r\033[Kpacked 1 of 10 images (10 %), 1 images/s, 9 s left");
  line.note("something");
  line.end();
  EXPECT_EQ(out_.str(),
            "\r\033[Kpacked 1 of 10 images (10 %), 1 images/s, 9 s left\r\033[Ksomething\n");
}

TEST(ProgressText, NumbersAndTimes) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1281167), "1,281,167");
  EXPECT_EQ(duration_text(0.4), "0 s");
  EXPECT_EQ(duration_text(95), "1 min 35 s");
  EXPECT_EQ(duration_text(3725), "1 h 02 min");
}

}  // namespace
}  // namespace ringmaster::sharding
