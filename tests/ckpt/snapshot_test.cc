#include "ckpt/snapshot.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "ckpt/crc32.h"
#include "tests/ckpt/small_snapshot.h"
#include "tests/support/disk_of.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::HasSubstr;

TEST(Crc32, IsTheOneOfZip) {
  const std::string_view check = "123456789";  // the check value of the CRC catalogue
  EXPECT_EQ(crc32(std::as_bytes(std::span(check))), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
}

class SnapshotTest : public ::testing::Test {
 protected:
  std::string write(const Snapshot& snapshot, const std::string& name = "a.pt") {
    const auto file = files_->create(dir_ / name);
    const std::uint64_t bytes = write_snapshot(snapshot, *file);
    file->close();
    EXPECT_EQ(bytes, files_->size_bytes(dir_ / name));
    EXPECT_LE(bytes, max_file_bytes(snapshot));
    return dir_ / name;
  }
  std::string bytes_of(const std::string& path) { return read_text(*files_, path); }
  void put(const std::string& path, const std::string& bytes) {
    write_atomically(*files_, path, bytes);
  }
  // Message of the Error of that kind that reading gives.
  static std::string refusal(FileSystem& files, const std::string& path, ErrorKind kind) {
    try {
      (void)read_snapshot(files, path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(path));
      return error.what();
    }
    return "no error";
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  testing::DiskOf disk_{*files_};
};

TEST_F(SnapshotTest, ComesBackAsItWas) {
  Snapshot snapshot = testing::small_snapshot(3);
  snapshot.ema = {{"conv1.weight", at::randn({2, 3})}};
  testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
}

TEST_F(SnapshotTest, WithoutMomentumAndWithSomeOfIt) {
  Snapshot snapshot = testing::small_snapshot(3);
  snapshot.optimizer.momentum_buffers[1] = at::Tensor();
  testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
  snapshot.optimizer.momentum_buffers.clear();
  testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
}

TEST_F(SnapshotTest, ViewsAreSavedAloneWithTheirStrides) {
  const at::Tensor flat = at::randn({1'000'000});
  Snapshot snapshot;
  const at::Tensor weight = flat.narrow(0, 5, 24).as_strided({2, 3, 2, 2}, {12, 1, 6, 3}, 5);
  snapshot.model = {{"channels_last", weight}, {"slice", flat.narrow(0, 7, 3)}};
  const std::string path = write(snapshot);
  EXPECT_LT(files_->size_bytes(path), 10'000u);
  const Snapshot back = read_snapshot(*files_, path);
  EXPECT_TRUE(at::equal(back.model[0].second, weight));
  EXPECT_EQ(back.model[0].second.strides(), weight.strides());
  EXPECT_TRUE(at::equal(back.model[1].second, flat.narrow(0, 7, 3)));
}

TEST_F(SnapshotTest, EveryElementType) {
  Snapshot snapshot;
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                          at::kShort, at::kChar, at::kByte, at::kBool}) {
    snapshot.model.emplace_back(c10::toString(type), at::arange(-3, 4).to(type));
  }
  snapshot.model.emplace_back("scalar", at::tensor(std::int64_t{1} << 40));
  snapshot.model.emplace_back("empty", at::randn({3, 0, 2}));
  testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
}

TEST_F(SnapshotTest, EqualSnapshotsGiveEqualBytes) {
  EXPECT_EQ(bytes_of(write(testing::small_snapshot(3), "a.pt")),
            bytes_of(write(testing::small_snapshot(3), "b.pt")));
}

TEST_F(SnapshotTest, TheSummaryHasEverythingButTensors) {
  const Snapshot snapshot = testing::small_snapshot(3);
  const Snapshot summary = read_summary(*files_, write(snapshot));
  EXPECT_EQ(summary.progress, snapshot.progress);
  EXPECT_EQ(summary.numbers, snapshot.numbers);
  EXPECT_EQ(summary.texts, snapshot.texts);
  EXPECT_TRUE(summary.model.empty());
}

// Larger than the writer's buffer in every way: one record, many records, and the end of the
// archive at every place of the buffer.
TEST_F(SnapshotTest, AnySizeIsWrittenWhole) {
  for (const std::int64_t elems : {262'000, 262'100, 262'130, 262'143, 262'144, 600'000}) {
    Snapshot snapshot = testing::small_snapshot(1);
    snapshot.model.emplace_back("large", at::randn({elems}));
    testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
  }
  Snapshot snapshot;
  for (int i = 0; i < 6000; ++i)
    snapshot.model.emplace_back("tensor" + std::to_string(i), at::randn({1 + i % 50}));
  testing::expect_same(read_snapshot(*files_, write(snapshot)), snapshot);
}

TEST_F(SnapshotTest, AnyChangedByteIsRefused) {
  const std::string path = write(testing::small_snapshot(3));
  const std::string good = bytes_of(path);
  ASSERT_NO_THROW((void)read_snapshot(*files_, path));
  RandomStream random(2, RandomUse::kTest, 0, 0);
  const auto size = static_cast<std::uint32_t>(good.size());
  for (std::uint32_t round = 0; round < size + 10'000; ++round) {
    const std::uint32_t at = round < size ? round : random.below(size);  // each once, then any
    std::string& bytes = disk_.content = good;
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random.below(255)));
    EXPECT_NE(refusal(disk_, path, ErrorKind::kBadData), "no error") << "byte " << at;
  }
}

TEST_F(SnapshotTest, AnyLengthButItsOwnIsRefused) {
  const std::string path = write(testing::small_snapshot(3));
  const std::string good = bytes_of(path);
  ASSERT_NO_THROW((void)read_snapshot(*files_, path));
  for (std::size_t length = 0; length < good.size(); length += length < 200 ? 1 : 97) {
    disk_.content = good.substr(0, length);
    EXPECT_NE(refusal(disk_, path, ErrorKind::kBadData), "no error") << length;
  }
  disk_.content = good + "x";
  EXPECT_NE(refusal(disk_, path, ErrorKind::kBadData), "no error");
}

// Without the checksum, as files from elsewhere are read: damage is refused or harmless, and never
// a crash.
TEST_F(SnapshotTest, DamagedForeignFilesAreReadOrRefused) {
  const std::string path = write(testing::small_snapshot(3));
  const std::string good = bytes_of(path);
  ASSERT_NO_THROW((void)read_snapshot(*files_, path));
  RandomStream random(3, RandomUse::kTest, 0, 0);
  int refused = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::string& bytes = disk_.content = good;
    for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes)
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<char>(random.below(256));
    try {
      testing::expect_same(read_weights(disk_, path), testing::small_snapshot(3).model);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(SnapshotTest, OtherFilesAreNamedForWhatTheyAre) {
  put(dir_ / "text.pt", "no checkpoint");
  EXPECT_THAT(refusal(*files_, dir_ / "text.pt", ErrorKind::kBadData), HasSubstr("checksum"));
  EXPECT_THROW((void)read_weights(*files_, dir_ / "text.pt"), Error);
  EXPECT_THAT(refusal(*files_, dir_ / "absent.pt", ErrorKind::kIo), HasSubstr("No such file"));
}

}  // namespace
}  // namespace ringmaster::ckpt
