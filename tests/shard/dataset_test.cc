#include "shard/dataset.h"

#include <atomic>
#include <thread>

#include "shard/shard_check.h"
#include "tests/shard/shard_fixture.h"

namespace ringmaster::shard {
namespace {

class DatasetTest : public ShardFixture {
 protected:
  std::unique_ptr<Dataset> open() { return open_dataset(*files_, folder_, "train"); }
  ErrorKind open_error(const std::vector<std::string>& parts) {
    return kind_of([&] { (void)open(); }, parts);
  }

  const std::string folder_ = dir_ / "data";
  const std::string shard1_ = join_path(folder_, "train-00001.rms");
  const Manifest manifest_ = write_data_set(folder_, 3, 4);
};

TEST_F(DatasetTest, SamplesRunThroughTheShards) {
  const auto data = open();
  ASSERT_EQ(data->size(), 12);
  EXPECT_EQ(data->classes(), manifest_.classes);
  EXPECT_EQ(data->hash(), manifest_.hash());
  Record record;
  for (std::int64_t i = 0; i < 12; ++i) {
    const auto shard = static_cast<std::uint32_t>(i / 4), at = static_cast<std::uint32_t>(i % 4);
    data->read(i, record);
    EXPECT_EQ(record.info.label, (shard + at) % 3);
    EXPECT_EQ(record.info.width, 2 + shard);
    EXPECT_EQ(record.info.height, 3 + at);
    EXPECT_EQ(data->info(i).hash, record.info.hash);
  }
  EXPECT_EQ(data->locate(6), "train-00001.rms record 2");
  EXPECT_EQ(data->locate(0), "train-00000.rms record 0");
  EXPECT_EQ(data->locate(11), "train-00002.rms record 3");
  EXPECT_EQ(kind_of([&] { data->read(12, record); }, {"sample 12 of 12"}), ErrorKind::kInternal);
}

TEST_F(DatasetTest, ManyThreadsRead) {
  const auto data = open();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      Record record;
      for (int i = 0; i < 600; ++i) {
        data->read(i % 12, record);
        good += record.info.height == 3u + static_cast<unsigned>(i % 4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 600);
}

TEST_F(DatasetTest, MissingThings) {
  EXPECT_EQ(kind_of([&] { (void)open_dataset(*files_, folder_, "test"); }, {"test", "train"}),
            ErrorKind::kInvalidArgument);
  files_->remove(shard1_);
  EXPECT_EQ(open_error({shard1_, "missing"}), ErrorKind::kIo);
  files_->remove(join_path(folder_, kManifestName));
  EXPECT_EQ(open_error({folder_, "no packed data set"}), ErrorKind::kIo);
}

TEST_F(DatasetTest, TruncatedShard) {
  files_->truncate(shard1_, files_->size_bytes(shard1_) - 1);
  EXPECT_EQ(open_error({shard1_, "truncated"}), ErrorKind::kBadData);
}

TEST_F(DatasetTest, ShardOfAnotherDataSet) {
  std::vector<Source> sources;
  for (std::uint32_t r = 0; r < 4; ++r)
    sources.push_back(raw((1 + r) % 3, 3, 3 + r, "img" + std::to_string(100 + r)));
  write(shard1_, {std::string(32, 'a'), "train", 1}, sources);
  EXPECT_EQ(open_error({shard1_, "another data set", kDataSetId}), ErrorKind::kBadData);
  write(shard1_, {kDataSetId, "train", 2}, sources);
  EXPECT_EQ(open_error({shard1_, "renamed"}), ErrorKind::kBadData);
  sources[0].payload[0] ^= 1;
  write(shard1_, {kDataSetId, "train", 1}, sources);
  EXPECT_EQ(open_error({shard1_, "index hash"}), ErrorKind::kBadData);
}

TEST_F(DatasetTest, LabelBeyondTheClasses) {
  const auto summary = write(shard1_, {kDataSetId, "train", 1}, {raw(3, 1, 1, "x")});
  Manifest manifest = manifest_;
  manifest.splits[0].shards[1].summary = summary;
  write_manifest(*files_, folder_, manifest);
  EXPECT_EQ(open_error({shard1_, "record 0", "label is 3"}), ErrorKind::kBadData);
}

TEST_F(DatasetTest, DamagedPayloadIsFoundWhenItIsRead) {
  std::string bytes = text(shard1_);
  bytes[64] ^= 1;
  put(shard1_, bytes);
  const auto data = open();
  Record record;
  data->read(3, record);
  EXPECT_EQ(kind_of([&] { data->read(4, record); }, {shard1_, "record 0", "hash"}),
            ErrorKind::kBadData);
  data->read(5, record);
}

}  // namespace
}  // namespace ringmaster::shard
