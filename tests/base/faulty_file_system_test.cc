// The double itself must break where it is told to, or the tests that use it prove nothing.
#include "tests/support/faulty_file_system.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::testing {
namespace {

class FaultyFileSystemTest : public ::testing::Test {
 protected:
  // create, append, sync, close, rename, sync_dir: calls 0 .. 5.
  bool write() {
    try {
      write_atomically(faulty_, path_, "hello");
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIo);
      return false;
    }
  }
  std::string text() { return real_->exists(path_) ? read_text(*real_, path_) : "absent"; }

  TempDir dir_;
  std::string path_ = dir_ / "a";
  std::unique_ptr<FileSystem> real_ = posix_file_system();
  FaultyFileSystem faulty_{*real_};
};

TEST_F(FaultyFileSystemTest, PassesOnAndCounts) {
  EXPECT_TRUE(write());
  EXPECT_EQ(faulty_.calls(), 6);
  EXPECT_FALSE(faulty_.broke());
  EXPECT_EQ(text(), "hello");
}

TEST_F(FaultyFileSystemTest, FailsOneCall) {
  faulty_.fail_once(1, ENOSPC);
  EXPECT_FALSE(write());
  EXPECT_TRUE(faulty_.broke());
  EXPECT_EQ(text(), "absent");
  EXPECT_EQ(real_->list(dir_.path()).size(), 0u);  // the writer could clean up
  EXPECT_TRUE(write());
}

TEST_F(FaultyFileSystemTest, FullDiskStaysFullButRemoves) {
  faulty_.fill_disk(1);
  EXPECT_FALSE(write());
  EXPECT_EQ(real_->list(dir_.path()).size(), 0u);
  EXPECT_FALSE(write());
}

TEST_F(FaultyFileSystemTest, FullDiskTakesHalfOfAnAppend) {
  const auto file = faulty_.create(path_);
  faulty_.fill_disk(1);
  EXPECT_THROW(file->append(std::as_bytes(std::span(std::string_view("hello!")))), Error);
  EXPECT_EQ(text(), "hel");
}

TEST_F(FaultyFileSystemTest, CrashLosesWhatWasNotSynced) {
  const auto file = faulty_.create(path_);
  const auto append = [&](std::string_view part) { file->append(std::as_bytes(std::span(part))); };
  append("kept");
  file->sync();
  append("lost");
  faulty_.rename(path_, dir_ / "b");
  faulty_.crash_at(faulty_.calls());
  EXPECT_THROW(file->close(), Error);
  EXPECT_EQ(read_text(*real_, dir_ / "b"), "kept");
  EXPECT_THROW(faulty_.remove(dir_ / "b"), Error);  // nothing works after it
}

TEST_F(FaultyFileSystemTest, CrashAtEveryCallLeavesOldOrNew) {
  for (std::int64_t k = 0; k < 6; ++k) {
    write_atomically(*real_, path_, "old");
    FaultyFileSystem faulty(*real_);
    faulty.crash_at(k);
    EXPECT_THROW(write_atomically(faulty, path_, "new"), Error);
    EXPECT_EQ(text(), k < 5 ? "old" : "new") << "crash at call " << k;
  }
}

}  // namespace
}  // namespace ringmaster::testing
