#include "ckpt/store.h"

#include <cerrno>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/ckpt/small_snapshot.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/pass_through_file_system.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_snapshot;

// As FAT, or many a network disk.
class DiskWithoutLinks final : public testing::PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  bool link(const std::string&, const std::string&) override { return false; }
};

// Its files' sync() does nothing: hundreds of saves, of which no test asks that they survive a real
// power cut.
class UnsyncedDisk final : public testing::PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  std::unique_ptr<WritableFile> create(const std::string& path) override {
    return std::make_unique<File>(real_.create(path));
  }
  void sync_dir(const std::string&) override {}

 private:
  class File final : public WritableFile {
   public:
    explicit File(std::unique_ptr<WritableFile> real) : real_(std::move(real)) {}
    void append(std::span<const std::byte> data) override { real_->append(data); }
    void sync() override {}
    void close() override { real_->close(); }

   private:
    std::unique_ptr<WritableFile> real_;
  };
};

class StoreTest : public ::testing::Test {
 protected:
  void clear() {
    for (const std::string& name : names()) files_->remove(dir_ / name);
  }
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

TEST_F(StoreTest, AnEpochsSaveIsWrittenOnceAndEachNameKeepsItsBytes) {
  Store store(*files_, dir_.path());
  store.save(small_snapshot(2), {.epoch = 0, .best = true});
  EXPECT_EQ(std::filesystem::hard_link_count(dir_ / "checkpoint.pt"), 3u);
  store.save(small_snapshot(3), {});
  EXPECT_EQ(std::filesystem::hard_link_count(dir_ / "model_000.pt"), 2u);
  EXPECT_EQ(read_snapshot(*files_, dir_ / "model_000.pt").progress.at("step"), 2);
}

// A process that died between two renames, and a folder that nobody prepared: the temporary name is
// a second one of a good checkpoint.
TEST_F(StoreTest, ALeftoverThatSharesItsBytesIsNotWrittenOver) {
  Store store(*files_, dir_.path());
  store.save(small_snapshot(2), {.epoch = 0});
  ASSERT_TRUE(files_->link(dir_ / "model_000.pt", dir_ / "checkpoint.pt.tmp"));
  store.save(small_snapshot(3), {});
  EXPECT_EQ(read_snapshot(*files_, dir_ / "model_000.pt").progress.at("step"), 2);
  EXPECT_EQ(newest_step(), 3);
}

TEST_F(StoreTest, WithoutHardLinksTheOtherNamesAreCopies) {
  DiskWithoutLinks disk(*files_);
  Store(disk, dir_.path()).save(small_snapshot(2), {.epoch = 7, .best = true});
  EXPECT_THAT(names(), ElementsAre("best.pt", "checkpoint.pt", "model_007.pt"));
  EXPECT_EQ(std::filesystem::hard_link_count(dir_ / "best.pt"), 1u);
  for (const std::string& name : names())
    testing::expect_same(read_snapshot(*files_, dir_ / name), small_snapshot(2));
}

TEST_F(StoreTest, TheLogIsSyncedBeforeACheckpointIsCommitted) {
  write_atomically(*files_, dir_ / "log.jsonl", "rows");
  testing::FaultyFileSystem faulty(*files_);
  const auto log = faulty.open_append(dir_ / "log.jsonl");
  log->append(std::as_bytes(std::span(std::string_view(", more rows"))));
  StoreOptions options;
  options.sync_first = {dir_ / "log.jsonl", dir_ / "absent"};
  Store store(faulty, dir_.path(), options);
  const std::int64_t before = faulty.calls();
  EXPECT_THAT(store.save(small_snapshot(1), {}).warnings, ElementsAre());
  // The last five calls: open, sync and close the log; rename, sync_dir.
  const std::int64_t calls = faulty.calls() - before;
  faulty.fail_once(faulty.calls() + calls - 4, EIO);
  EXPECT_THAT(store.save(small_snapshot(2), {}).warnings, ElementsAre(HasSubstr("log.jsonl")));
  EXPECT_EQ(newest_step(), 2);
}

TEST_F(StoreTest, GoingBackSetsAsideWhatCameLater) {
  Store store(*files_, dir_.path());
  store.save(small_snapshot(10), {.epoch = 0});
  store.save(small_snapshot(20), {.epoch = 1});
  store.save(small_snapshot(30), {.epoch = 2, .best = true});
  EXPECT_THAT(store.set_aside_later(10, 1), ElementsAre("model_001.pt", "model_002.pt", "best.pt"));
  EXPECT_THAT(names(), ElementsAre("best.pt.old", "checkpoint.pt", "model_000.pt",
                                   "model_001.pt.old", "model_002.pt.old"));
  EXPECT_THAT(store.set_aside_later(10, 1), ElementsAre());
  EXPECT_EQ(store.list().size(), 2u);
}

// A disk that does not answer for one file.
class UnreadableDisk final : public testing::PassThroughFileSystem {
 public:
  using PassThroughFileSystem::PassThroughFileSystem;
  std::unique_ptr<ReadableFile> open(const std::string& path) override {
    if (path.find("checkpoint.pt") != std::string::npos) throw io_error("read " + path, EIO);
    return real_.open(path);
  }
};

TEST_F(StoreTest, ACheckpointThatCannotBeReadJustNowIsNoReasonToGoBack) {
  Store(*files_, dir_.path()).save(small_snapshot(10), {.epoch = 0});
  Store(*files_, dir_.path()).save(small_snapshot(15), {});
  UnreadableDisk disk(*files_);
  try {
    (void)Store(disk, dir_.path()).load_newest(warnings_);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
  }
}

TEST_F(StoreTest, AFolderThatHasVanishedIsAnErrorUntilItIsBack) {
  Store store(*files_, dir_ / "run");
  store.prepare();
  store.save(small_snapshot(1), {.epoch = 0});
  std::filesystem::rename(dir_ / "run", dir_ / "away");
  EXPECT_THROW(store.save(small_snapshot(2), {}), Error);
  EXPECT_FALSE(files_->exists(dir_ / "run"));
  std::filesystem::rename(dir_ / "away", dir_ / "run");
  store.save(small_snapshot(3), {});
  EXPECT_EQ(store.load_newest(warnings_)->snapshot.progress.at("step"), 3);
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
  Store store(*files_, dir_.path(), {.keep_epochs = 2, .keep_every = 0, .sync_first = {}});
  for (std::int64_t epoch = 0; epoch < 4; ++epoch)
    store.save(small_snapshot(epoch), {.epoch = epoch});
  store.save(small_snapshot(1000), {.epoch = 1000});
  write_atomically(*files_, dir_ / "model_7.pt", "somebody else's");
  store.save(small_snapshot(1001), {.epoch = 1001});
  EXPECT_THAT(names(),
              ElementsAre("checkpoint.pt", "model_1000.pt", "model_1001.pt", "model_7.pt"));
}

TEST_F(StoreTest, KeepsEveryNthEpochBesideTheNewest) {
  Store store(*files_, dir_.path(), {.keep_epochs = 1, .keep_every = 3, .sync_first = {}});
  for (std::int64_t epoch = 0; epoch < 8; ++epoch)
    store.save(small_snapshot(epoch), {.epoch = epoch});
  EXPECT_THAT(names(),
              ElementsAre("checkpoint.pt", "model_002.pt", "model_005.pt", "model_007.pt"));
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

  UnsyncedDisk unsynced_{*files_};
  DiskWithoutLinks no_links_{unsynced_};
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
