// What a run goes on from: the newest save that verifies.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ckpt/store.h"
#include "tests/ckpt/small_snapshot.h"
#include "tests/ckpt/store_fixture.h"
#include "tests/support/disks.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_snapshot;
using testing::StoreTest;

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

TEST_F(StoreTest, ACheckpointThatCannotBeReadJustNowIsNoReasonToGoBack) {
  Store(*files_, dir_.path()).save(small_snapshot(10), {.epoch = 0});
  Store(*files_, dir_.path()).save(small_snapshot(15), {});
  testing::UnreadableDisk disk(*files_, "checkpoint.pt");
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

}  // namespace
}  // namespace ringmaster::ckpt
