#include "obs/history.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/check.h"
#include "obs/jsonl.h"
#include "obs/jsonl_sink.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::obs {
namespace {

StepReport step_at(std::int64_t step) {
  StepReport report;
  report.step = step;
  report.epoch = (step - 1) / 10 + 1;
  report.loss = 1.0 / static_cast<double>(step);
  report.time = 1000.125;
  return report;
}

EpochReport epoch_at(std::int64_t epoch) {
  EpochReport report;
  report.epoch = epoch;
  report.step = 10 * epoch;
  report.val_top1 = 10.0 * static_cast<double>(epoch);
  return report;
}

Event event_at(EventKind kind, std::int64_t step) {
  Event event;
  event.kind = kind;
  event.step = step;
  return event;
}

class HistoryTest : public ::testing::Test {
 protected:
  // Two epochs of ten steps and the first steps of a third, a line every second step.
  void write_log() {
    JsonlSink sink(*files_, path_, 1);
    sink.on_event(event_at(EventKind::kStart, 0));
    for (std::int64_t step = 1; step <= 24; ++step) {
      sink.on_step(step_at(step), step % 2 == 0);
      if (step % 10 == 0) sink.on_epoch(epoch_at(step / 10), {});
    }
  }
  void append(const std::string& text) {
    const auto file = files_->open_append(path_);
    file->append(std::as_bytes(std::span(text)));
    file->close();
  }
  std::string refusal() {
    try {
      (void)read_history(*files_, path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  std::string path_ = dir_ / "log.jsonl";
};

TEST_F(HistoryTest, ReadsBackWhatWasWritten) {
  write_log();
  const History history = read_history(*files_, path_);
  ASSERT_EQ(history.steps.size(), 12u);
  EXPECT_EQ(history.steps[2].step, 6);
  EXPECT_EQ(history.steps[2].loss, 1.0 / 6);
  EXPECT_EQ(history.steps[2].time, 1000.125);
  ASSERT_EQ(history.epochs.size(), 2u);
  EXPECT_EQ(history.epochs[1].step, 20);
  ASSERT_EQ(history.events.size(), 1u);
  EXPECT_EQ(history.events[0].kind, EventKind::kStart);
  EXPECT_EQ(history.attempts, 1);
}

TEST_F(HistoryTest, NoFileIsAnEmptyHistory) {
  EXPECT_TRUE(read_history(*files_, path_).epochs.empty());
  EXPECT_TRUE(cut_back(*files_, path_, {}).epochs.empty());
  EXPECT_FALSE(files_->exists(path_));
}

TEST_F(HistoryTest, TornLastLineIsLeftOutAndCutOff) {
  write_log();
  const std::string whole = read_text(*files_, path_);
  const std::string next = to_line(step_at(26), 1);
  // Torn after every possible byte, the whole line without its newline included.
  for (std::size_t size = 1; size < next.size(); ++size) {
    append(next.substr(0, size));
    EXPECT_EQ(read_history(*files_, path_).steps.size(), 12u);
    EXPECT_EQ(cut_back(*files_, path_, {26, 2}).steps.size(), 12u);
    ASSERT_EQ(read_text(*files_, path_), whole);
  }
}

TEST_F(HistoryTest, DamageElsewhereNamesFileAndLine) {
  append(to_line(step_at(1), 1) + "{\"kind\": \"step\"\n" + to_line(step_at(2), 1));
  EXPECT_EQ(refusal(), path_ + ":2: this line of the log is no JSON object");
}

TEST_F(HistoryTest, LaterStepsAreCutOff) {
  write_log();
  const History history = cut_back(*files_, path_, {13, 1});
  EXPECT_EQ(history.steps.back().step, 12);
  EXPECT_EQ(history.epochs.size(), 1u);
  const History again = read_history(*files_, path_);
  EXPECT_EQ(again.steps.size(), 6u);
  EXPECT_EQ(again.epochs.size(), 1u);
  EXPECT_EQ(again.events.size(), 1u);
}

TEST_F(HistoryTest, ResumeAtTheEndOfAnEpochKeepsItsRow) {
  write_log();
  const History history = cut_back(*files_, path_, {20, 2});
  EXPECT_EQ(history.steps.back().step, 20);
  EXPECT_EQ(history.epochs.size(), 2u);
}

// A checkpoint that was written between an epoch's last step and its evaluation: the row that the
// log has of it is written again by the resumed run.
TEST_F(HistoryTest, RowOfAnEpochThatTheCheckpointHasNotClosedIsCutOff) {
  write_log();
  const History history = cut_back(*files_, path_, {20, 1});
  EXPECT_EQ(history.steps.back().step, 20);
  EXPECT_EQ(history.epochs.size(), 1u);
}

TEST_F(HistoryTest, EventsAfterTheCutGoToo) {
  write_log();
  {
    JsonlSink sink(*files_, path_, 1);
    sink.on_event(event_at(EventKind::kStop, 24));
  }
  EXPECT_EQ(cut_back(*files_, path_, {24, 2}).events.size(), 2u);
  EXPECT_EQ(cut_back(*files_, path_, {23, 2}).events.size(), 1u);
}

TEST_F(HistoryTest, AttemptsCountWhatWasCutOff) {
  write_log();
  {
    JsonlSink sink(*files_, path_, 7);
    sink.on_step(step_at(26), true);
  }
  EXPECT_EQ(cut_back(*files_, path_, {20, 2}).attempts, 7);
}

// Killed after any byte of the log that follows a save, and resumed from that save: the log ends as
// the unbroken one.
TEST_F(HistoryTest, ResumedLogEqualsTheUnbrokenOne) {
  write_log();
  const std::string unbroken = read_text(*files_, path_);
  for (std::int64_t saved = 0; saved <= 24; saved += 4) {
    const ResumePoint point{saved, saved / 10};
    write_atomically(*files_, path_, unbroken);
    (void)cut_back(*files_, path_, point);
    const std::string at_save = read_text(*files_, path_);
    for (std::size_t size = at_save.size(); size < unbroken.size(); size += 31) {
      write_atomically(*files_, path_, unbroken.substr(0, size));
      (void)cut_back(*files_, path_, point);
      ASSERT_EQ(read_text(*files_, path_), at_save) << "cut to " << size << ", saved at " << saved;
    }
    JsonlSink sink(*files_, path_, 1);
    for (std::int64_t step = saved + 1; step <= 24; ++step) {
      sink.on_step(step_at(step), step % 2 == 0);
      if (step % 10 == 0) sink.on_epoch(epoch_at(step / 10), {});
    }
    EXPECT_EQ(read_text(*files_, path_), unbroken) << "saved at " << saved;
  }
}

TEST(BestEpoch, HighestFirstAndKnown) {
  History history;
  EXPECT_EQ(history.best_epoch(), nullptr);
  EXPECT_EQ(history.last_epoch(), nullptr);
  for (const double top1 : {kUnknown, 50.0, 75.0, 75.0, kUnknown}) {
    EpochReport report = epoch_at(static_cast<std::int64_t>(history.epochs.size()) + 1);
    report.val_top1 = top1;
    history.epochs.push_back(report);
  }
  EXPECT_EQ(history.best_epoch()->epoch, 3);
  EXPECT_EQ(history.last_epoch()->epoch, 5);
}

}  // namespace
}  // namespace ringmaster::obs
