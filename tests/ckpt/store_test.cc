// Under which names a save lies in its folder, and which are kept.
#include "ckpt/store.h"

#include <cerrno>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
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
  testing::DiskWithoutLinks disk(*files_);
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

}  // namespace
}  // namespace ringmaster::ckpt
