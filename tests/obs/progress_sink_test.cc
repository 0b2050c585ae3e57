#include "obs/progress_sink.h"

#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace ringmaster::obs {
namespace {

constexpr const char* kClear = "\r\x1b[2K";

class ProgressTest : public ::testing::Test {
 protected:
  ProgressSink make(std::optional<std::size_t> columns) {
    return ProgressSink(out_, {1000, 10, columns}, [this] { return now_; });
  }
  static StepReport step_at(std::int64_t step) {
    StepReport report;
    report.step = step;
    report.epoch = 3;
    report.loss = 1.25;
    report.lr = 0.05;
    report.images_per_second = 1234.56;
    return report;
  }
  std::string taken() {
    const std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  double now_ = 100;
};

TEST_F(ProgressTest, PlainLinesForLoggedStepsOnly) {
  ProgressSink sink = make(std::nullopt);
  sink.on_step(step_at(200), false);
  EXPECT_EQ(taken(), "");
  now_ = 110;
  StepReport report = step_at(220);
  report.data_wait_s = 0.0012;
  report.comm_wait_s = 0.0345;
  report.skipped = true;
  sink.on_step(report, true);
  // 20 steps in 10 s: 780 more take 390 s.
  EXPECT_EQ(taken(),
            "epoch 3/10  step 220/1000  loss 1.2500  lr 0.050000  1234.6 img/s  ETA 0:06:30  "
            "data 1.2 ms  ring 34.5 ms  skipped\n");
}

TEST_F(ProgressTest, FirstStepKnowsNoEta) {
  ProgressSink sink = make(std::nullopt);
  sink.on_step(step_at(200), true);
  EXPECT_EQ(taken(),
            "epoch 3/10  step 200/1000  loss 1.2500  lr 0.050000  1234.6 img/s  ETA -:--:--\n");
}

TEST_F(ProgressTest, TerminalRedrawsOneLineClippedToItsWidth) {
  ProgressSink sink = make(30);
  sink.on_step(step_at(1), false);
  const std::string drawn = taken();
  EXPECT_EQ(drawn, std::string(kClear) + "epoch 3/10  step 1/1000  loss");
  EXPECT_EQ(drawn.size() - std::string(kClear).size(), 29u);
}

TEST_F(ProgressTest, TerminalIsNotRedrawnFasterThanItIsRead) {
  ProgressSink sink = make(200);
  sink.on_step(step_at(1), false);
  EXPECT_NE(taken(), "");
  now_ += 0.05;
  sink.on_step(step_at(2), true);
  EXPECT_EQ(taken(), "");
  now_ += 0.06;
  sink.on_step(step_at(3), false);
  EXPECT_NE(taken().find("step 3/1000"), std::string::npos);
  sink.on_step(step_at(1000), false);  // the last is drawn always
  EXPECT_NE(taken().find("step 1000/1000"), std::string::npos);
}

TEST_F(ProgressTest, EpochsAndEventsStayAboveTheLine) {
  ProgressSink sink = make(200);
  sink.on_step(step_at(1), false);
  (void)taken();
  EpochReport epoch;
  epoch.epoch = 3;
  epoch.train_loss = 1;
  epoch.val_loss = 2;
  epoch.val_top1 = 75;
  epoch.val_top5 = 90;
  epoch.val_hits1 = 7500;
  epoch.val_hits5 = 9000;
  epoch.val_n = 10000;
  epoch.images_per_second = 345.67;
  epoch.seconds = 62;
  sink.on_epoch(epoch, {});
  EXPECT_EQ(taken(), std::string(kClear) +
                         "epoch 3/10  train loss 1.0000  val loss 2.0000  top-1 75.00 %  top-5 "
                         "90.00 %  (7500 and 9000 of 10000)  345.7 img/s  0:01:02\n");
  Event event;
  event.kind = EventKind::kSave;
  event.step = 7;
  event.fields = {{"path", "x.pt"}, {"best", true}, {"bytes", std::int64_t{12}}, {"wait_s", 0.5}};
  sink.on_event(event);
  EXPECT_EQ(taken(), "save at step 7  path x.pt  best true  bytes 12  wait_s 0.5\n");
}

TEST_F(ProgressTest, FlushEndsTheLine) {
  ProgressSink sink = make(80);
  sink.on_step(step_at(1), false);
  (void)taken();
  sink.flush();
  EXPECT_EQ(taken(), "\n");
  sink.flush();
  EXPECT_EQ(taken(), "");
}

TEST(TerminalColumns, OnlyOfATerminal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(terminal_columns(ends[1]), std::nullopt);
  ::close(ends[0]);
  ::close(ends[1]);

  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  EXPECT_EQ(terminal_columns(terminal), 80u);  // its size was never set
  ::close(terminal);
}

}  // namespace
}  // namespace ringmaster::obs
