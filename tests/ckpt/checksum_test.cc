#include "ckpt/checksum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

// As much of a zip archive as the writer looks at: anything, and the end record of 22 bytes.
std::string archive_of(std::size_t size_bytes) {
  std::string archive(size_bytes - 22, 'x');
  for (std::size_t i = 0; i < archive.size(); ++i) archive[i] = static_cast<char>(i * 7 / 5);
  return archive + "PK\5\6" + std::string(18, '\0');
}

class ChecksumTest : public ::testing::Test {
 protected:
  // What becomes of `archive`, appended in pieces.
  std::string written(const std::string& archive, std::size_t piece_bytes) {
    const auto file = files_->create(dir_ / "a");
    ChecksumWriter writer(*file);
    for (std::size_t at = 0; at < archive.size(); at += piece_bytes)
      writer.append(std::as_bytes(
          std::span(archive).subspan(at, std::min(piece_bytes, archive.size() - at))));
    EXPECT_EQ(writer.finish(), archive.size() + 52);
    file->close();
    return read_text(*files_, dir_ / "a");
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(ChecksumTest, IsTheArchivesComment) {
  const std::string archive = archive_of(100);
  const std::string file = written(archive, 100);
  std::string expected = archive + "ringmaster-xxh3-128:";
  expected[100 - 2] = 52;  // the comment's length
  EXPECT_EQ(file.substr(0, 120), expected);
  Hasher hasher;
  hasher.update(expected);
  EXPECT_EQ(file.substr(120), hasher.hex128());
  EXPECT_NO_THROW(require_checksum(*files_->open(dir_ / "a"), "a"));
}

// The buffer has 2^20 bytes: the end record in every place around its end, in pieces of every kind.
TEST_F(ChecksumTest, PiecesDoNotMatter) {
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  for (const std::size_t size_bytes : {kBuffer - 1, kBuffer, kBuffer + 1, kBuffer + 11,
                                       kBuffer + 22, kBuffer + 23, 2 * kBuffer + 5}) {
    const std::string archive = archive_of(size_bytes);
    const std::string whole = written(archive, archive.size());
    EXPECT_EQ(whole.substr(0, size_bytes - 2), archive.substr(0, size_bytes - 2));
    EXPECT_NO_THROW(require_checksum(*files_->open(dir_ / "a"), "a"));
    for (const std::size_t piece_bytes :
         {std::size_t{1}, std::size_t{7}, std::size_t{22}, std::size_t{23}, kBuffer / 2 + 1,
          kBuffer - 5, kBuffer, kBuffer + 3}) {
      EXPECT_TRUE(written(archive, piece_bytes) == whole) << size_bytes << " in " << piece_bytes;
    }
  }
}

TEST_F(ChecksumTest, AnArchiveWithoutItsEndRecordIsABug) {
  EXPECT_THROW((void)written(std::string(100, 'x'), 100), Error);
  EXPECT_THROW((void)written("PK\5\6", 100), Error);
}

}  // namespace
}  // namespace ringmaster::ckpt
