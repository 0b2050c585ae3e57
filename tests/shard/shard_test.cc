#include <cerrno>

#include "shard/shard_reader.h"
#include "tests/shard/shard_fixture.h"
#include "tests/support/faulty_file_system.h"

namespace ringmaster::shard {
namespace {

class ShardTest : public ShardFixture {
 protected:
  std::vector<Source> sources() {
    Source jpeg{{.codec = Codec::kJpeg, .label = 4, .width = 5, .height = 6, .channels = 3},
                "b/y.jpg",
                "not really a JPEG"};
    return {raw(1, 3, 2, "a/x"), jpeg, raw(0, 1, 1, "")};
  }
  const ShardIdentity identity_{kDataSetId, "train", 7};
};

TEST_F(ShardTest, RoundTrip) {
  const auto sources = this->sources();
  const ShardSummary summary = write(path_, identity_, sources);
  const ShardReader shard(*files_, path_);
  EXPECT_EQ(shard.identity(), identity_);
  ASSERT_EQ(shard.records(), sources.size());
  EXPECT_EQ(summary.records, sources.size());
  EXPECT_EQ(summary.file_bytes, files_->size_bytes(path_));
  EXPECT_EQ(summary.file_bytes, shard.file_bytes());
  EXPECT_EQ(summary.index_hash, shard.index_hash());
  EXPECT_EQ(summary.hash, hash_file(*files_, path_));
  Record record;
  for (std::uint64_t i = 0; i < sources.size(); ++i) {
    shard.read(i, record);
    const RecordInfo& want = sources[i].info;
    EXPECT_EQ(record.info.codec, want.codec);
    EXPECT_EQ(record.info.label, want.label);
    EXPECT_EQ(record.info.width, want.width);
    EXPECT_EQ(record.info.height, want.height);
    EXPECT_EQ(record.info.channels, want.channels);
    EXPECT_EQ(record.info.size_bytes, sources[i].payload.size());
    EXPECT_EQ(record.info.hash, xxh3_64(sources[i].payload));
    EXPECT_EQ(
        std::string(reinterpret_cast<const char*>(record.payload.data()), record.payload.size()),
        sources[i].payload);
    EXPECT_EQ(shard.name(i), sources[i].name);
  }
}

TEST_F(ShardTest, NoRecords) {
  write(path_, identity_, {});
  EXPECT_EQ(ShardReader(*files_, path_).records(), 0u);
}

TEST_F(ShardTest, RecordsAroundTheWriteBuffer) {
  std::vector<Source> sources;
  for (const std::uint32_t side : {1023u, 1024u, 1025u, 1u, 1500u}) {
    sources.push_back(raw(0, side, 1024, "n"));
  }
  const ShardSummary summary = write(path_, identity_, sources);
  const ShardReader shard(*files_, path_);
  read_all(shard);
  EXPECT_EQ(summary.hash, hash_file(*files_, path_));
}

TEST_F(ShardTest, SameContentSameBytes) {
  write(path_, identity_, sources());
  write(dir_ / "again", identity_, sources());
  EXPECT_EQ(text(path_), text(dir_ / "again"));
}

// The file of docs/SHARD_FORMAT.md's example. When this fails, the format changed: raise
// kShardVersion, keep reading the old one, and add a golden file.
TEST_F(ShardTest, GoldenFile) {
  write(path_, {kDataSetId, "train", 0}, {raw(1, 2, 2, "one/a"), raw(2, 3, 1, "two/b.png")});
  const std::string golden =
      text(std::string(std::getenv("RINGMASTER_SOURCE")) + "/tests/golden/shard_v1.rms");
  EXPECT_EQ(text(path_), golden);
}

TEST_F(ShardTest, UnfinishedWriterLeavesNothing) {
  {
    ShardWriter writer(*files_, path_, identity_);
    writer.add(raw(0, 2, 2, "x").info, "x", std::as_bytes(std::span(std::string_view("abcd"))));
    EXPECT_FALSE(files_->exists(path_));
  }
  EXPECT_TRUE(files_->list(dir_.path()).empty());
}

TEST_F(ShardTest, FullDiskAtEveryCallLeavesNothing) {
  testing::FaultyFileSystem clean(*files_);
  { (void)ShardWriter(clean, path_, identity_).finish(); }
  files_->remove(path_);
  ASSERT_GE(clean.calls(), 5);
  for (std::int64_t k = 0; k < clean.calls(); ++k) {
    testing::FaultyFileSystem faulty(*files_);
    faulty.fail_once(k, ENOSPC);
    EXPECT_EQ(kind_of([&] { (void)ShardWriter(faulty, path_, identity_).finish(); },
                      {"No space left", dir_.path()}),
              ErrorKind::kIo);
    const bool renamed = k == clean.calls() - 1;  // only the folder's fsync is left
    EXPECT_EQ(files_->exists(path_), renamed) << "call " << k;
    EXPECT_FALSE(files_->exists(path_ + ".tmp")) << "call " << k;
    if (renamed) read_all(ShardReader(*files_, path_));
  }
}

TEST_F(ShardTest, PowerCutAtEveryCallLeavesACompleteShardOrNone) {
  testing::FaultyFileSystem clean(*files_);
  { (void)ShardWriter(clean, path_, identity_).finish(); }
  for (std::int64_t k = 0; k < clean.calls(); ++k) {
    files_->remove(path_);
    testing::FaultyFileSystem faulty(*files_);
    faulty.crash_at(k);
    EXPECT_THROW((void)ShardWriter(faulty, path_, identity_).finish(), Error);
    if (files_->exists(path_)) read_all(ShardReader(*files_, path_));
    (void)write(path_, identity_, sources());  // a leftover temporary file is no obstacle
  }
}

}  // namespace
}  // namespace ringmaster::shard
