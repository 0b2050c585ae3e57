#include "ckpt/store.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/ckpt/small_snapshot.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_snapshot;

class StoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> names() { return files_->list(dir_.path()); }
  // The step of what load_newest() gives; -1 for nothing.
  std::int64_t newest_step() {
    warnings_.clear();
    const auto loaded = Store(*files_, dir_.path()).load_newest(warnings_);
    return loaded ? loaded->snapshot.progress.at("step") : -1;
  }
  void damage(const std::string& name) {
    std::string bytes = read_text(*files_, dir_ / name);
    bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
    write_atomically(*files_, dir_ / name, bytes);
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  std::vector<std::string> warnings_;
};

TEST_F(StoreTest, SavesUnderAllNames) {
  Store store(*files_, dir_ / "deep/checkpoints");
  store.prepare();
  const SaveResult first = store.save(small_snapshot(1), {});
  EXPECT_EQ(first.file_bytes, files_->size_bytes(dir_ / "deep/checkpoints/checkpoint.pt"));
  store.save(small_snapshot(2), {.epoch = 7, .best = true});
  EXPECT_THAT(files_->list(dir_ / "deep/checkpoints"),
              ElementsAre("best.pt", "checkpoint.pt", "model_007.pt"));
  for (const char* name : {"best.pt", "checkpoint.pt", "model_007.pt"}) {
    testing::expect_same(read_snapshot(*files_, dir_ / ("deep/checkpoints/" + std::string(name))),
                         small_snapshot(2));
  }
  store.save(small_snapshot(3), {});
  EXPECT_EQ(read_snapshot(*files_, dir_ / "deep/checkpoints/best.pt").progress.at("step"), 2);
}

TEST_F(StoreTest, AnEmptyOrMissingFolderHasNothing) {
  EXPECT_EQ(newest_step(), -1);
  EXPECT_FALSE(Store(*files_, dir_ / "missing").load_newest(warnings_).has_value());
  EXPECT_TRUE(Store(*files_, dir_ / "missing").list().empty());
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(StoreTest, FallsBackPastDamagedOnesAndNamesThem) {
  Store store(*files_, dir_.path());
  store.save(small_snapshot(10), {.epoch = 0});
  store.save(small_snapshot(20), {.epoch = 1});
  store.save(small_snapshot(25), {});
  EXPECT_EQ(newest_step(), 25);
  damage("checkpoint.pt");
  EXPECT_EQ(newest_step(), 20);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("checkpoint.pt")));
  damage("model_001.pt");
  EXPECT_EQ(newest_step(), 10);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("checkpoint.pt"), HasSubstr("model_001.pt")));
  files_->remove(dir_ / "checkpoint.pt");
  EXPECT_EQ(newest_step(), 10);
  damage("model_000.pt");
  try {
    (void)newest_step();
    ADD_FAILURE() << "a folder of damaged checkpoints is not an empty one";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData);
    EXPECT_THAT(error.what(), HasSubstr("none of the 2 checkpoints"));
    EXPECT_THAT(error.what(), HasSubstr("model_001.pt"));
  }
}

TEST_F(StoreTest, KeepsTheNewestEpochs) {
  Store store(*files_, dir_.path(), {.keep_epochs = 2});
  for (std::int64_t epoch = 0; epoch < 4; ++epoch)
    store.save(small_snapshot(epoch), {.epoch = epoch});
  store.save(small_snapshot(1000), {.epoch = 1000});
  write_atomically(*files_, dir_ / "model_7.pt", "somebody else's");
  store.save(small_snapshot(1001), {.epoch = 1001});
  EXPECT_THAT(names(),
              ElementsAre("checkpoint.pt", "model_1000.pt", "model_1001.pt", "model_7.pt"));
}

TEST_F(StoreTest, PrepareRemovesLeftoversAlone) {
  for (const char* name : {"checkpoint.pt.tmp", "model_003.pt.tmp", "notes.tmp", "checkpoint.pt"})
    write_atomically(*files_, dir_ / name, "x");
  Store(*files_, dir_.path()).prepare();
  EXPECT_THAT(names(), ElementsAre("checkpoint.pt", "notes.tmp"));
}

TEST_F(StoreTest, ListsEachWithItsProgressOrItsProblem) {
  Store store(*files_, dir_.path());
  store.save(small_snapshot(5), {.epoch = 0});
  store.save(small_snapshot(6), {.epoch = 1, .best = true});
  write_atomically(*files_, dir_ / "model_000.pt", "broken");
  const auto listed = store.list();
  ASSERT_EQ(listed.size(), 4u);
  EXPECT_EQ(listed[0].name, "checkpoint.pt");
  EXPECT_EQ(listed[0].summary.progress.at("step"), 6);
  EXPECT_EQ(listed[0].file_bytes, files_->size_bytes(dir_ / "checkpoint.pt"));
  EXPECT_EQ(listed[1].name, "best.pt");
  EXPECT_EQ(listed[2].name, "model_000.pt");
  EXPECT_THAT(listed[2].problem, HasSubstr("model_000.pt"));
  EXPECT_EQ(listed[3].name, "model_001.pt");
  EXPECT_TRUE(listed[3].problem.empty());
}

// What every broken save must leave: the save before or, once it is committed, this one; and no
// file that is damaged.
class BrokenSaveTest : public StoreTest {
 protected:
  static constexpr SaveNames kNames = {.epoch = 1, .best = true};

  // Larger than the writer's buffer, so that files fail while the archive is still being made.
  static Snapshot third_save() {
    Snapshot snapshot = small_snapshot(3);
    snapshot.model.emplace_back("large", at::full({600'000}, 3.0, at::kFloat));
    return snapshot;
  }

  // A folder with the saves of steps 1 and 2, and how many calls the save of step 3 makes.
  std::int64_t start() {
    Store store(*files_, dir_.path());
    store.save(small_snapshot(1), {.epoch = 0, .best = true});
    store.save(small_snapshot(2), {});
    testing::FaultyFileSystem counting(*files_);
    Store(counting, dir_.path()).save(third_save(), kNames);
    return counting.calls();
  }
  void restart() {
    for (const std::string& name : names()) files_->remove(dir_ / name);
    Store store(*files_, dir_.path());
    store.save(small_snapshot(1), {.epoch = 0, .best = true});
    store.save(small_snapshot(2), {});
  }
  void expect_all_sound() {
    for (const std::string& name : names())
      EXPECT_NO_THROW((void)read_snapshot(*files_, dir_ / name)) << name;
  }
};

TEST_F(BrokenSaveTest, ACrashAtAnyCallLeavesALoadableCheckpoint) {
  const std::int64_t calls = start();
  ASSERT_GT(calls, 12);
  for (std::int64_t k = 0; k <= calls; ++k) {
    restart();
    testing::FaultyFileSystem faulty(*files_);
    faulty.crash_at(k);
    Store store(faulty, dir_.path());
    bool committed = true;
    try {
      store.save(third_save(), kNames);
    } catch (const Error&) {
      committed = false;
    }
    EXPECT_EQ(committed, k == calls) << k;
    const std::int64_t step = newest_step();
    EXPECT_TRUE(step == 3 || (step == 2 && !committed)) << "call " << k << ": step " << step;
    EXPECT_TRUE(warnings_.empty()) << k;
    Store(*files_, dir_.path()).prepare();
    expect_all_sound();
  }
}

TEST_F(BrokenSaveTest, ACrashInTheFirstSaveLeavesNothingOrAll) {
  const std::int64_t calls = start();
  for (std::int64_t k = 0; k < calls; ++k) {
    for (const std::string& name : names()) files_->remove(dir_ / name);
    testing::FaultyFileSystem faulty(*files_);
    faulty.crash_at(k);
    EXPECT_THROW(Store(faulty, dir_.path()).save(third_save(), kNames), Error);
    const std::int64_t step = newest_step();
    EXPECT_TRUE(step == 3 || step == -1) << k;
  }
}

TEST_F(BrokenSaveTest, AFullDiskOrAnErrorAtAnyCallLeavesNoDamageAndNoTemporaryFile) {
  const std::int64_t calls = start();
  for (const int errno_value : {ENOSPC, EIO, EDQUOT, EROFS}) {
    for (std::int64_t k = 0; k < calls; ++k) {
      restart();
      testing::FaultyFileSystem faulty(*files_);
      if (errno_value == ENOSPC) {
        faulty.fill_disk(k);
      } else {
        faulty.fail_once(k, errno_value);
      }
      Store store(faulty, dir_.path());
      try {
        store.save(third_save(), kNames);
        EXPECT_FALSE(faulty.broke()) << k;  // a full disk does not stop a rename
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kIo);
        EXPECT_THAT(error.what(), HasSubstr(std::strerror(errno_value)));
      }
      expect_all_sound();  // no .tmp among them
      EXPECT_GE(newest_step(), 2) << k;
      // And the next save works.
      Store(*files_, dir_.path()).save(small_snapshot(4), {});
      EXPECT_EQ(newest_step(), 4);
    }
  }
}

TEST_F(BrokenSaveTest, ASaveEndsWithTheFolderOnDisk) {
  const std::int64_t calls = start();
  restart();
  testing::FaultyFileSystem faulty(*files_);
  faulty.fail_once(calls - 1, EIO);
  try {
    Store(faulty, dir_.path()).save(third_save(), kNames);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("fsync folder " + dir_.path()));
  }
}

TEST_F(BrokenSaveTest, AnOldEpochThatCannotBeRemovedIsAWarning) {
  (void)start();
  restart();
  const auto removes = [&](std::int64_t k) {
    testing::FaultyFileSystem faulty(*files_);
    faulty.fail_once(k, EIO);
    return Store(faulty, dir_.path(), {.keep_epochs = 1}).save(third_save(), kNames);
  };
  testing::FaultyFileSystem counting(*files_);
  Store(counting, dir_.path(), {.keep_epochs = 1}).save(third_save(), kNames);
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
