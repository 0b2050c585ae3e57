#include "data/stage.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/stage_lock.h"
#include "tests/shard/shard_fixture.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::data {
namespace {

using testing::kind_of;

// Counts what is copied, and can pretend that a disk is full.
class WatchedFileSystem final : public testing::PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  std::unique_ptr<WritableFile> create(const std::string& path) override {
    ++created;
    return PassThroughFileSystem::create(path);
  }
  std::uint64_t free_bytes(const std::string& path) override {
    return full ? 100 : PassThroughFileSystem::free_bytes(path);
  }
  std::atomic<int> created{0};
  bool full = false;
};

class StageTest : public shard::ShardFixture {
 protected:
  StageReport run(const std::vector<std::string>& names) {
    return stage_shards(watched_, folder_, manifest_, names, stage_, 3,
                        Deadline::after(std::chrono::seconds(20)));
  }
  std::string copy_of(const std::string& name) {
    return join_path(stage_folder(stage_, manifest_), name);
  }
  void expect_whole(const std::vector<std::string>& names) {
    for (const std::string& name : names)
      EXPECT_EQ(text(copy_of(name)), text(join_path(folder_, name))) << name;
  }

  const std::string folder_ = dir_ / "data", stage_ = dir_ / "nvme/stage";
  const shard::Manifest manifest_ = write_data_set(folder_, 5, 4);
  const std::vector<std::string> all_ = {"train-00000.rms", "train-00001.rms", "train-00002.rms",
                                         "train-00003.rms", "train-00004.rms"};
  WatchedFileSystem watched_{*files_};
};

TEST_F(StageTest, CopiesWhatIsAskedForAndUsesItAgain) {
  const std::vector<std::string> some = {all_[1], all_[3]};
  StageReport report = run(some);
  EXPECT_EQ(report.folder, stage_folder(stage_, manifest_));
  EXPECT_EQ(report.copied, 2u);
  EXPECT_EQ(report.copied_bytes,
            files_->size_bytes(copy_of(all_[1])) + files_->size_bytes(copy_of(all_[3])));
  EXPECT_EQ(files_->list(report.folder), some);
  expect_whole(some);
  report = run(all_);
  EXPECT_EQ(report.copied, 3u);
  EXPECT_EQ(report.reused, 2u);
  expect_whole(all_);
  EXPECT_EQ(watched_.created, 5);
  report = run(all_);
  EXPECT_EQ(report.reused, 5u);
  EXPECT_EQ(watched_.created, 5);
}

TEST_F(StageTest, DamagedAndTruncatedCopiesAreMadeAgain) {
  (void)run(all_);
  std::string bytes = text(copy_of(all_[0]));
  bytes[70] ^= 1;
  put(copy_of(all_[0]), bytes);
  put(copy_of(all_[2]), bytes.substr(0, 100));
  const StageReport report = run(all_);
  EXPECT_EQ(report.copied, 2u);
  expect_whole(all_);
}

TEST_F(StageTest, ADamagedSourceIsNamedAndLeavesNoCopy) {
  const std::string path = join_path(folder_, all_[4]);
  std::string bytes = text(path);
  bytes[70] ^= 1;
  put(path, bytes);
  EXPECT_EQ(kind_of([&] { (void)run(all_); }, {path, "hash"}), ErrorKind::kBadData);
  EXPECT_FALSE(files_->exists(copy_of(all_[4])));
  EXPECT_FALSE(files_->exists(copy_of(all_[4]) + ".tmp"));
}

TEST_F(StageTest, AFullDiskIsFoundBeforeTheFirstByte) {
  watched_.full = true;
  EXPECT_EQ(kind_of([&] { (void)run(all_); }, {stage_, "MiB free"}), ErrorKind::kIo);
  EXPECT_EQ(watched_.created, 0);
}

TEST_F(StageTest, TwoJobsWaitForEachOther) {
  (void)run({all_[0]});
  const std::string lock = stage_folder(stage_, manifest_) + ".lock";
  {
    const StageLock held(lock, Deadline::never());
    const auto soon = Deadline::after(std::chrono::milliseconds(150));
    EXPECT_EQ(
        kind_of([&] { (void)stage_shards(watched_, folder_, manifest_, all_, stage_, 1, soon); },
                {"another job", lock}),
        ErrorKind::kTimeout);
  }
  std::vector<std::thread> jobs;
  for (int i = 0; i < 4; ++i) jobs.emplace_back([&] { (void)run(all_); });
  for (std::thread& job : jobs) job.join();
  expect_whole(all_);
  EXPECT_EQ(watched_.created, 5);
}

TEST_F(StageTest, TheDataSetOpensFromTheCopies) {
  (void)run({all_[1]});
  files_->remove(join_path(folder_, all_[1]));
  const auto dataset =
      shard::open_dataset(*files_, folder_, "train", [&](const std::string& shard) {
        return shard == all_[1] ? stage_folder(stage_, manifest_) : folder_;
      });
  shard::Record record;
  for (std::int64_t i = 0; i < dataset->size(); ++i) dataset->read(i, record);
  EXPECT_EQ(dataset->shard_sizes(), std::vector<std::int64_t>(5, 4));
}

}  // namespace
}  // namespace ringmaster::data
