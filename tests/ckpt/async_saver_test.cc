#include "ckpt/async_saver.h"

#include <cerrno>
#include <future>

#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ckpt/small_snapshot.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/pass_through_file_system.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

using testing::small_snapshot;

// A disk that stands still until it is told to go on: the real one, whose free_bytes() waits.
class StoppedDisk final : public testing::PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  void go_on() { gate_.set_value(); }
  std::uint64_t free_bytes(const std::string& path) override {
    opened_.wait();
    return real_.free_bytes(path);
  }

 private:
  std::promise<void> gate_;
  std::shared_future<void> opened_ = gate_.get_future();
};

class AsyncSaverTest : public ::testing::Test {
 protected:
  Snapshot load(const std::string& name) { return read_snapshot(*files_, dir_ / name); }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(AsyncSaverTest, WhatWasSubmittedIsSavedWhateverHappensToItAfterwards) {
  StoppedDisk disk(*files_);
  Store store(disk, dir_.path());
  AsyncSaver saver(store);
  Snapshot live = small_snapshot(1);
  EXPECT_TRUE(saver.submit(live, {.epoch = 4}).accepted);
  for (auto& entry : live.model) entry.second.fill_(99);
  for (auto& buffer : live.optimizer.momentum_buffers) buffer.fill_(99);
  live.progress["step"] = 99;
  EXPECT_TRUE(saver.take_reports().empty());  // the disk stands still
  disk.go_on();
  const auto reports = saver.flush();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_FALSE(reports[0].error.has_value());
  EXPECT_EQ(reports[0].names.epoch, 4);
  EXPECT_EQ(reports[0].progress.at("step"), 1);
  EXPECT_EQ(reports[0].result.file_bytes, files_->size_bytes(dir_ / "checkpoint.pt"));
  testing::expect_same(load("checkpoint.pt"), small_snapshot(1));
  testing::expect_same(load("model_004.pt"), small_snapshot(1));
}

TEST_F(AsyncSaverTest, ASecondSaveIsRefusedAtItsDeadlineWhileOneIsUnderWay) {
  StoppedDisk disk(*files_);
  Store store(disk, dir_.path());
  AsyncSaver saver(store);
  EXPECT_TRUE(saver.submit(small_snapshot(1), {}).accepted);
  EXPECT_FALSE(
      saver.submit(small_snapshot(2), {}, Deadline::after(std::chrono::milliseconds(20))).accepted);
  disk.go_on();
  const SubmitResult third = saver.submit(small_snapshot(3), {});
  EXPECT_TRUE(third.accepted);
  ASSERT_EQ(third.ended.size(), 1u);  // it has waited for the first
  EXPECT_EQ(third.ended[0].progress.at("step"), 1);
  EXPECT_EQ(saver.flush().size(), 1u);
  testing::expect_same(load("checkpoint.pt"), small_snapshot(3));
}

TEST_F(AsyncSaverTest, RoomIsMadeBeforeTheFirstCopyAndBetweenSaves) {
  Store store(*files_, dir_.path());
  AsyncSaver saver(store);
  for (const std::int64_t step : {1, 2}) {
    saver.reserve(static_cast<std::size_t>(step) << 24);
    EXPECT_TRUE(saver.submit(small_snapshot(step), {}).accepted);
    EXPECT_EQ(saver.flush().size(), 1u);
    testing::expect_same(load("checkpoint.pt"), small_snapshot(step));
  }
  saver.reserve(std::size_t{1} << 60);  // more than any machine has: no harm is done
  EXPECT_TRUE(saver.submit(small_snapshot(3), {}).accepted);
  EXPECT_EQ(saver.flush().size(), 1u);
  testing::expect_same(load("checkpoint.pt"), small_snapshot(3));
}

TEST_F(AsyncSaverTest, TensorsMayChangeTheirShapeBetweenSaves) {
  Store store(*files_, dir_.path());
  AsyncSaver saver(store);
  Snapshot other = small_snapshot(2);
  other.model[0].second = at::full({2, 2}, 7.0);
  other.model.pop_back();
  other.optimizer.momentum_buffers.clear();
  for (const Snapshot& snapshot : {small_snapshot(1), other, small_snapshot(3)}) {
    EXPECT_TRUE(saver.submit(snapshot, {}).accepted);
    EXPECT_EQ(saver.flush().size(), 1u);
    testing::expect_same(load("checkpoint.pt"), snapshot);
  }
}

TEST_F(AsyncSaverTest, AFailedSaveIsAReportAndTheNextOneWorks) {
  testing::FaultyFileSystem faulty(*files_);
  Store store(faulty, dir_.path());
  AsyncSaver saver(store);
  EXPECT_TRUE(saver.submit(small_snapshot(1), {}).accepted);
  ASSERT_EQ(saver.flush().size(), 1u);
  faulty.fail_once(faulty.calls() + 2, ENOSPC);
  EXPECT_TRUE(saver.submit(small_snapshot(2), {}).accepted);
  const auto failed = saver.flush();
  ASSERT_EQ(failed.size(), 1u);
  ASSERT_TRUE(failed[0].error.has_value());
  EXPECT_EQ(failed[0].error->kind(), ErrorKind::kIo);
  EXPECT_THAT(failed[0].error->what(), ::testing::HasSubstr("No space left"));
  testing::expect_same(load("checkpoint.pt"), small_snapshot(1));
  EXPECT_TRUE(saver.submit(small_snapshot(3), {}).accepted);
  EXPECT_FALSE(saver.flush().at(0).error.has_value());
  testing::expect_same(load("checkpoint.pt"), small_snapshot(3));
}

TEST_F(AsyncSaverTest, TheDestructorFinishesTheSaveUnderWay) {
  Store store(*files_, dir_.path());
  {
    AsyncSaver saver(store);
    EXPECT_TRUE(saver.submit(small_snapshot(5), {}).accepted);
  }
  testing::expect_same(load("checkpoint.pt"), small_snapshot(5));
}

}  // namespace
}  // namespace ringmaster::ckpt
