#include "base/file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/kind_of_error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster {
namespace {

using testing::kind_of;

class FileTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(FileTest, WritesAndReadsBack) {
  write_atomically(*files_, dir_ / "a", "hello");
  EXPECT_EQ(read_text(*files_, dir_ / "a"), "hello");
  write_atomically(*files_, dir_ / "a", "");
  EXPECT_EQ(read_text(*files_, dir_ / "a"), "");
  EXPECT_EQ(files_->list(dir_.path()), std::vector<std::string>{"a"});  // no .tmp left
}

TEST_F(FileTest, AppendsAtTheEnd) {
  for (const char* text : {"one ", "two"}) {
    const auto file = files_->open_append(dir_ / "log");
    file->append(std::as_bytes(std::span(std::string_view(text))));
    file->close();
  }
  EXPECT_EQ(read_text(*files_, dir_ / "log"), "one two");
  files_->truncate(dir_ / "log", 3);
  EXPECT_EQ(read_text(*files_, dir_ / "log"), "one");
}

TEST_F(FileTest, ErrorsNameThePath) {
  EXPECT_EQ(kind_of([&] { (void)files_->open(dir_ / "absent"); }, {"absent"}), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { (void)files_->create(dir_ / "no/such"); }, {"no/such"}), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { (void)files_->list(dir_ / "absent"); }, {"absent"}), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { files_->remove(dir_ / "absent"); }, {"absent"}), ErrorKind::kIo);
  EXPECT_EQ(kind_of([&] { (void)files_->open(dir_.path()); }, {dir_.path()}), ErrorKind::kIo);
}

TEST_F(FileTest, ReadPastTheEndIsBadData) {
  write_atomically(*files_, dir_ / "short", "abc");
  std::byte buffer[8];
  EXPECT_EQ(
      kind_of([&] { files_->open(dir_ / "short")->read_at(1, buffer); }, {"short ends at byte 3"}),
      ErrorKind::kBadData);
  EXPECT_EQ(kind_of([&] { (void)read_text(*files_, dir_ / "short", 2); }, {"short"}),
            ErrorKind::kBadData);
}

TEST_F(FileTest, FullDiskIsAnIoError) {
  // /dev/full says ENOSPC to every write, as a full disk does.
  const auto file = files_->create("/dev/full");
  EXPECT_EQ(kind_of([&] { file->append(std::as_bytes(std::span(std::string_view("x")))); },
                    {"No space left"}),
            ErrorKind::kIo);
}

TEST(Paths, JoinAndParent) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(parent_path("a/b"), "a");
  EXPECT_EQ(parent_path("b"), ".");
  EXPECT_EQ(parent_path("/b"), "/");
}

}  // namespace
}  // namespace ringmaster
