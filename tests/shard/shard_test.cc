#include <cerrno>

#include "shard/container.h"
#include "tests/shard/shard_fixture.h"
#include "tests/support/faulty_file_system.h"

namespace ringmaster::shard {
namespace {

// Both containers keep the same promises.
class ShardTest : public ShardFixture, public ::testing::WithParamInterface<Container> {
 protected:
  std::unique_ptr<ShardWriter> make(FileSystem& files) {
    return make_shard_writer(files, GetParam(), path_, identity_, {"ant", "bee"});
  }
  std::unique_ptr<ShardReader> open() { return open_shard_file(*files_, GetParam(), path_); }
  ShardSummary write(const std::string& path, const std::vector<Source>& sources) {
    return ShardFixture::write(path, identity_, sources, GetParam());
  }
  std::vector<Source> sources() {
    Source jpeg{{.codec = Codec::kJpeg, .label = 4, .width = 5, .height = 6, .channels = 3},
                "b/y.jpg",
                "not really a JPEG"};
    return {raw(1, 3, 2, "a/x"), jpeg, raw(0, 1, 1, "")};
  }
  const ShardIdentity identity_{kDataSetId, "train", 7};
};

TEST_P(ShardTest, RoundTrip) {
  const auto sources = this->sources();
  const ShardSummary summary = write(path_, sources);
  const auto opened = open();
  const ShardReader& shard = *opened;
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

TEST_P(ShardTest, NoRecords) {
  write(path_, {});
  EXPECT_EQ(open()->records(), 0u);
}

TEST_P(ShardTest, RecordsAroundTheWriteBuffer) {
  std::vector<Source> sources;
  for (const std::uint32_t side : {1023u, 1024u, 1025u, 1u, 1500u}) {
    sources.push_back(raw(0, side, 1024, "n"));
  }
  const ShardSummary summary = write(path_, sources);
  read_all(*open());
  EXPECT_EQ(summary.hash, hash_file(*files_, path_));
}

TEST_P(ShardTest, SameContentSameBytes) {
  write(path_, sources());
  write(dir_ / "again", sources());
  EXPECT_EQ(text(path_), text(dir_ / "again"));
}

// The file of docs/SHARD_FORMAT.md's example. When this fails, the format changed: raise
// kShardVersion, keep reading the old one, and add a golden file.
TEST_F(ShardFixture, GoldenRecordFile) {
  write(path_, {kDataSetId, "train", 0}, {raw(1, 2, 2, "one/a"), raw(2, 3, 1, "two/b.png")});
  const std::string golden =
      text(std::string(std::getenv("RINGMASTER_SOURCE")) + "/tests/golden/shard_v1.rms");
  EXPECT_EQ(text(path_), golden);
}

TEST_F(ShardFixture, GoldenHdf5File) {
  write(path_, {kDataSetId, "train", 0}, {raw(1, 2, 2, "one/a"), raw(2, 3, 1, "two/b.png")},
        Container::kHdf5);
  const std::string golden =
      text(std::string(std::getenv("RINGMASTER_SOURCE")) + "/tests/golden/shard_v1.h5");
  EXPECT_EQ(text(path_), golden);
}

TEST_P(ShardTest, UnfinishedWriterLeavesNothing) {
  {
    const auto writer = make(*files_);
    writer->add(raw(0, 2, 2, "x").info, "x", std::as_bytes(std::span(std::string_view("abcd"))));
    EXPECT_FALSE(files_->exists(path_));
  }
  EXPECT_TRUE(files_->list(dir_.path()).empty());
}

TEST_P(ShardTest, FullDiskAtEveryCallLeavesNothing) {
  testing::FaultyFileSystem clean(*files_);
  { (void)make(clean)->finish(); }
  files_->remove(path_);
  ASSERT_GE(clean.calls(), 5);
  for (std::int64_t k = 0; k < clean.calls(); ++k) {
    testing::FaultyFileSystem faulty(*files_);
    faulty.fail_once(k, ENOSPC);
    EXPECT_EQ(kind_of([&] { (void)make(faulty)->finish(); }, {"No space left", dir_.path()}),
              ErrorKind::kIo);
    const bool renamed = k == clean.calls() - 1;  // only the folder's fsync is left
    EXPECT_EQ(files_->exists(path_), renamed) << "call " << k;
    if (renamed) read_all(*open());
  }
}

TEST_P(ShardTest, PowerCutAtEveryCallLeavesACompleteShardOrNone) {
  testing::FaultyFileSystem clean(*files_);
  { (void)make(clean)->finish(); }
  for (std::int64_t k = 0; k < clean.calls(); ++k) {
    files_->remove(path_);
    testing::FaultyFileSystem faulty(*files_);
    faulty.crash_at(k);
    EXPECT_THROW((void)make(faulty)->finish(), Error);
    if (files_->exists(path_)) read_all(*open());
    (void)write(path_, sources());  // a leftover temporary file is no obstacle
  }
}

INSTANTIATE_TEST_SUITE_P(Containers, ShardTest,
                         ::testing::Values(Container::kRecord, Container::kHdf5),
                         [](const auto& of) { return name_of(of.param); });

}  // namespace
}  // namespace ringmaster::shard
