// Saves that break off: a crash, an error or a full disk at every single call of theirs.
#include <cerrno>
#include <cstring>

#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ckpt/store.h"
#include "tests/ckpt/small_snapshot.h"
#include "tests/ckpt/store_fixture.h"
#include "tests/support/disks.h"
#include "tests/support/faulty_file_system.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_snapshot;
using testing::StoreTest;

// What every broken save must leave: the save before or, once it is committed, this one; and no
// file that is damaged. On disks with hard links, and without.
class BrokenSaveTest : public StoreTest, public ::testing::WithParamInterface<bool> {
 protected:
  static constexpr SaveNames kNames = {.epoch = 1, .best = true};

  // Larger than the writer's buffer, so that files fail while the archive is still being made.
  static Snapshot third_save() {
    Snapshot snapshot = small_snapshot(3);
    snapshot.model.emplace_back("large", at::full({300'000}, 3.0, at::kFloat));
    return snapshot;
  }

  FileSystem& disk() { return GetParam() ? with_links_ : without_links_; }
  // A folder with the saves of steps 1 and 2.
  void restart() {
    clear();
    Store store(disk(), dir_.path());
    store.save(small_snapshot(1), {.epoch = 0, .best = true});
    store.save(small_snapshot(2), {});
  }
  // How many calls the save of step 3 makes.
  std::int64_t count_calls() {
    restart();
    testing::FaultyFileSystem counting(disk());
    Store(counting, dir_.path()).save(third_save(), kNames);
    return counting.calls();
  }
  // Whether the save of step 3 came back as done.
  static bool save_third(testing::FaultyFileSystem& faulty, const std::string& folder,
                         int errno_value) {
    try {
      Store(faulty, folder).save(third_save(), kNames);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIo);
      EXPECT_THAT(error.what(), HasSubstr(std::strerror(errno_value)));
      return false;
    }
  }
  void expect_all_sound() {
    for (const std::string& name : names())
      EXPECT_NO_THROW((void)read_snapshot(*files_, dir_ / name)) << name;
  }

  testing::UnsyncedDisk unsynced_{*files_};
  testing::DiskWithoutLinks no_links_{unsynced_};
  FileSystem &with_links_ = unsynced_, &without_links_ = no_links_;
};

INSTANTIATE_TEST_SUITE_P(WithAndWithoutLinks, BrokenSaveTest, ::testing::Bool());

TEST_P(BrokenSaveTest, ACrashAtAnyCallLeavesALoadableCheckpoint) {
  const std::int64_t calls = count_calls();
  ASSERT_GT(calls, 9);
  for (std::int64_t k = 0; k <= calls; ++k) {
    restart();
    testing::FaultyFileSystem faulty(disk());
    faulty.crash_at(k);
    const bool committed = save_third(faulty, dir_.path(), EIO);
    EXPECT_EQ(committed, k == calls) << k;
    const std::int64_t step = newest_step();
    EXPECT_TRUE(step == 3 || (step == 2 && !committed)) << "call " << k << ": step " << step;
    EXPECT_TRUE(warnings_.empty()) << k;
    if (k % 2 == 0) Store(*files_, dir_.path()).prepare();  // else: nobody does
    Store(disk(), dir_.path()).save(small_snapshot(4), {});
    EXPECT_EQ(newest_step(), 4);
    Store(*files_, dir_.path()).prepare();
    expect_all_sound();
  }
}

TEST_P(BrokenSaveTest, ACrashInTheFirstSaveLeavesNothingOrAll) {
  const std::int64_t calls = count_calls();
  for (std::int64_t k = 0; k < calls; ++k) {
    clear();
    testing::FaultyFileSystem faulty(disk());
    faulty.crash_at(k);
    EXPECT_THROW(Store(faulty, dir_.path()).save(third_save(), kNames), Error);
    const std::int64_t step = newest_step();
    EXPECT_TRUE(step == 3 || step == -1) << k;
  }
}

TEST_P(BrokenSaveTest, AnErrorOfAnySingleCallLeavesNoDamageAndNoTemporaryFile) {
  const std::int64_t calls = count_calls();
  for (const int errno_value : {ENOSPC, EIO, EDQUOT, EROFS, ENOENT, EXDEV}) {
    for (std::int64_t k = 0; k < calls; ++k) {
      restart();
      testing::FaultyFileSystem faulty(disk());
      faulty.fail_once(k, errno_value);
      EXPECT_FALSE(save_third(faulty, dir_.path(), errno_value)) << "no error from call " << k;
      expect_all_sound();  // no .tmp among them
      EXPECT_GE(newest_step(), 2) << k;
      Store(disk(), dir_.path()).save(small_snapshot(4), {});  // and the next save works
      EXPECT_EQ(newest_step(), 4);
    }
  }
}

TEST_P(BrokenSaveTest, AFullDiskOrQuotaLeavesNoDamageAndNoTemporaryFile) {
  const std::int64_t calls = count_calls();
  for (const int errno_value : {ENOSPC, EDQUOT}) {
    for (std::int64_t k = 0; k < calls; ++k) {
      restart();
      testing::FaultyFileSystem faulty(disk());
      faulty.fill_disk(k, errno_value);
      if (save_third(faulty, dir_.path(), errno_value)) {
        EXPECT_FALSE(faulty.broke()) << k;  // a full disk does not stop a rename
      }
      expect_all_sound();
      EXPECT_GE(newest_step(), 2) << k;
    }
  }
}

// Remounted read-only, gone, dead: what was begun stays lying about, and the next save, once the
// disk is back, must not trip over it.
TEST_P(BrokenSaveTest, ADiskThatStaysBrokenLosesNothingAndComesBack) {
  const std::int64_t calls = count_calls();
  for (const int errno_value : {EROFS, ENOENT, EIO}) {
    for (std::int64_t k = 0; k < calls; ++k) {
      restart();
      testing::FaultyFileSystem faulty(disk());
      faulty.fail_from(k, errno_value);
      EXPECT_FALSE(save_third(faulty, dir_.path(), errno_value)) << k;
      EXPECT_GE(newest_step(), 2) << k;
      EXPECT_TRUE(warnings_.empty()) << k;
      Store(disk(), dir_.path()).save(small_snapshot(4), kNames);
      EXPECT_EQ(newest_step(), 4);
      expect_all_sound();
    }
  }
}

TEST_P(BrokenSaveTest, ASaveEndsWithTheFolderOnDisk) {
  const std::int64_t calls = count_calls();
  restart();
  testing::FaultyFileSystem faulty(disk());
  faulty.fail_once(calls - 1, EIO);
  try {
    Store(faulty, dir_.path()).save(third_save(), kNames);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("fsync folder " + dir_.path()));
  }
}

TEST_P(BrokenSaveTest, AnOldEpochThatCannotBeRemovedIsAWarning) {
  restart();
  const auto removes = [&](std::int64_t k) {
    testing::FaultyFileSystem faulty(*files_);
    faulty.fail_once(k, EIO);
    return Store(faulty, dir_.path(), {.keep_epochs = 1, .keep_every = 0, .sync_first = {}})
        .save(third_save(), kNames);
  };
  testing::FaultyFileSystem counting(*files_);
  Store(counting, dir_.path(), {.keep_epochs = 1, .keep_every = 0, .sync_first = {}})
      .save(third_save(), kNames);
  restart();
  EXPECT_THAT(removes(counting.calls() - 1).warnings, ElementsAre(HasSubstr("model_000.pt")));
  EXPECT_EQ(newest_step(), 3);
}

// A disk with room for the old files only.
class NearlyFullTest : public StoreTest {};

TEST_F(NearlyFullTest, TooLittleRoomIsToldBeforeAnythingIsWritten) {
  testing::FaultyFileSystem faulty(*files_);
  Store store(faulty, dir_.path());
  Snapshot huge = small_snapshot(1);
  // Claims 4 EB without holding them: a view of one element.
  huge.model.emplace_back("huge", at::full({1}, 0.0, at::kFloat).expand({std::int64_t{1} << 60}));
  try {
    store.save(huge, {});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("No space left"));
    EXPECT_THAT(error.what(), HasSubstr(dir_.path()));
  }
  EXPECT_EQ(faulty.calls(), 0);
}

}  // namespace
}  // namespace ringmaster::ckpt
