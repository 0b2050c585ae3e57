#include "obs/tensorboard_sink.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "obs/tfrecord.h"
#include "tests/obs/referee.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::obs {
namespace {

StepReport step_at(std::int64_t step) {
  StepReport report;
  report.step = step;
  report.loss = 1.0 / static_cast<double>(step);
  report.lr = 0.5;
  report.time = 1000;
  return report;
}

EpochReport epoch_at(std::int64_t epoch) {
  EpochReport report;
  report.epoch = epoch;
  report.step = 4 * epoch;
  report.train_loss = 3;
  report.train_top1 = 50;
  report.train_top5 = 80;
  report.val_loss = 2;
  report.val_top1 = 60.25;
  report.val_top5 = 90;
  report.lr = 0.125;
  return report;
}

class TensorBoardTest : public ::testing::Test {
 protected:
  // Steps `from` to `to` of a run with four steps an epoch, every second one logged; as an attempt
  // that begins with `history`.
  void attempt(const std::string& folder, double now, const History& history, std::int64_t from,
               std::int64_t to) {
    files_->make_dirs(folder);
    TensorBoardSink sink(*files_, folder, now);
    sink.on_begin(history);
    for (std::int64_t step = from; step <= to; ++step) {
      sink.on_step(step_at(step), step % 2 == 0);
      if (step % 4 == 0) sink.on_epoch(epoch_at(step / 4), {});
    }
    sink.flush();
  }
  std::string read(std::vector<std::string> folders) {
    return testing::ask_referee("events_referee.py", std::move(folders));
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

constexpr const char* kSixSteps =
    "lr 4 0.125\n"
    "step/loss 2 0.5\nstep/loss 4 0.25\nstep/loss 6 0.166666672\n"
    "step/lr 2 0.5\nstep/lr 4 0.5\nstep/lr 6 0.5\n"
    "train/loss 4 3\ntrain/top1 4 50\ntrain/top5 4 80\n"
    "val/loss 4 2\nval/top1 4 60.25\nval/top5 4 90\n";

TEST_F(TensorBoardTest, ReadsWhatWasWritten) {
  attempt(dir_ / "run", 1700000000, {}, 1, 6);
  EXPECT_EQ(read({dir_ / "run"}), kSixSteps);
}

TEST_F(TensorBoardTest, ResumedRunHasOneFileWithAllOfIt) {
  attempt(dir_ / "run", 1700000000, {}, 1, 8);
  History history;  // the run went on from step 5
  history.steps = {step_at(2), step_at(4)};
  history.epochs = {epoch_at(1)};
  attempt(dir_ / "run", 1600000000, history, 6, 6);  // with the clock set back
  const auto names = files_->list(dir_ / "run");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_TRUE(names[0].starts_with("events.out.tfevents.1700000001.")) << names[0];
  EXPECT_EQ(read({dir_ / "run"}), kSixSteps);
}

TEST_F(TensorBoardTest, WatchingTensorBoardDropsWhatWasUndone) {
  attempt(dir_ / "before", 1700000000, {}, 1, 8);
  History history;
  history.steps = {step_at(2), step_at(4)};
  history.epochs = {epoch_at(1)};
  attempt(dir_ / "after", 1700000100, history, 6, 6);
  EXPECT_EQ(read({dir_ / "after", dir_ / "before"}), kSixSteps);
}

TEST(Crc32c, KnownValues) {
  // RFC 3720, appendix B.4; the last is the usual check value of the polynomial.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(TfRecord, Layout) {
  const std::string record = tfrecord("abc");
  EXPECT_EQ(record.size(), 8u + 4 + 3 + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\x03\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
}

}  // namespace
}  // namespace ringmaster::obs
