#include "sharding/verify.h"

#include "shard/little_endian.h"
#include "shard/record_writer.h"
#include "sharding/convert.h"
#include "tests/sharding/sharding_fixture.h"

namespace ringmaster::sharding {
namespace {

class VerifyTest : public ShardingFixture {
 protected:
  void SetUp() override {
    put_idx(dir_ / "src", "train", 12, 2, 2);
    put_idx(dir_ / "src", "t10k", 3, 2, 2);
    const auto source = open_idx_source(*files_, dir_ / "src", {});
    RecordingObserver observer;
    (void)pack(*files_, *source, {.output = out_, .plan = {.rule = {.shards = 2}}}, observer);
  }
  VerifyReport run(int workers = 2) {
    observer_ = {};
    return verify(*files_, out_, workers, observer_);
  }

  const std::string out_ = dir_ / "out";
  const std::string shard_ = join_path(out_, "train-00001.rms");
  RecordingObserver observer_;
};

TEST_F(VerifyTest, SoundDataSet) {
  const VerifyReport report = run();
  EXPECT_TRUE(report.faults.empty());
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(report.shards, 3u);
  EXPECT_EQ(report.records, 15u);
  EXPECT_EQ(observer_.done, 15u);
}

TEST_F(VerifyTest, EveryFlippedByteOfEveryShardIsFound) {
  for (const char* name : {"train-00000.rms", "train-00001.rms", "val-00000.rms"}) {
    const std::string path = join_path(out_, name), sound = read_text(*files_, path);
    for (std::size_t at = 0; at < sound.size(); ++at) {
      std::string bytes = sound;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
      put(path, bytes);
      const VerifyReport report = run(1);
      ASSERT_FALSE(report.faults.empty()) << name << " byte " << at;
      for (const std::string& fault : report.faults)
        EXPECT_NE(fault.find(name), std::string::npos) << fault;
    }
    put(path, sound);
  }
}

TEST_F(VerifyTest, FlippedBytesOfHdf5ShardsAreFound) {
  const std::string folder = dir_ / "h5", path = join_path(folder, "train-00001.h5");
  (void)convert(*files_, {.input = out_, .output = folder, .container = shard::Container::kHdf5},
                observer_);
  const auto faults = [&] { return verify(*files_, folder, 1, observer_).faults; };
  EXPECT_TRUE(faults().empty());
  const std::string sound = read_text(*files_, path);
  for (std::size_t at = 0; at < sound.size(); at += at < 512 ? 11 : 97) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    put(path, bytes);
    const std::vector<std::string> found = faults();
    ASSERT_FALSE(found.empty()) << "byte " << at;
    EXPECT_NE(found[0].find("train-00001.h5"), std::string::npos) << found[0];
  }
}

TEST_F(VerifyTest, EveryFlippedByteOfTheManifestIsFound) {
  const std::string path = join_path(out_, "manifest.json"), sound = read_text(*files_, path);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    put(path, bytes);
    EXPECT_EQ(kind_of([&] { (void)run(1); }, {path}), ErrorKind::kBadData) << at;
  }
}

TEST_F(VerifyTest, NamesShardAndRecordAndGoesOn) {
  std::string bytes = read_text(*files_, shard_);
  bytes[64] ^= 1;
  bytes[64 + 4 * 4] ^= 1;
  put(shard_, bytes);
  files_->remove(join_path(out_, "val-00000.rms"));
  for (const int workers : {1, 8}) {
    const VerifyReport report = run(workers);
    ASSERT_EQ(report.faults.size(), 4u);
    EXPECT_NE(report.faults[0].find("val-00000.rms is missing"), std::string::npos);
    EXPECT_NE(report.faults[1].find(shard_ + ": the file's hash"), std::string::npos);
    EXPECT_NE(report.faults[2].find(shard_ + " record 0"), std::string::npos);
    EXPECT_NE(report.faults[3].find(shard_ + " record 4"), std::string::npos);
    EXPECT_EQ(observer_.notes, report.faults);
  }
}

TEST_F(VerifyTest, CountsAreComparedWithTheManifest) {
  shard::Manifest manifest = shard::read_manifest(*files_, out_);
  ++manifest.splits[0].class_counts[2];
  shard::write_manifest(*files_, out_, manifest);
  const VerifyReport report = run();
  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_NE(report.faults[0].find("class 2"), std::string::npos) << report.faults[0];
}

TEST_F(VerifyTest, AnImageThatDoesNotDecodeIsNamed) {
  shard::Manifest manifest = shard::read_manifest(*files_, out_);
  shard::RecordWriter writer(*files_, shard_, {manifest.data_set, "train", 1});
  const std::string payload = "this is no JPEG";
  for (int i = 0; i < 6; ++i) {
    writer.add({.label = static_cast<std::uint32_t>(i % 5), .width = 2, .height = 2, .channels = 3},
               "bad.jpg", std::as_bytes(std::span(payload)));
  }
  manifest.splits[0].shards[1].summary = writer.finish();
  shard::write_manifest(*files_, out_, manifest);
  const VerifyReport report = run();
  std::size_t named = 0;
  for (const std::string& fault : report.faults)
    named += fault.find(shard_ + " record ") != std::string::npos &&
             fault.find("(bad.jpg)") != std::string::npos;
  EXPECT_EQ(named, 6u);
}

TEST_F(VerifyTest, StopsWhenAsked) {
  observer_.stop_at = 0;
  EXPECT_TRUE(verify(*files_, out_, 2, observer_).stopped);
}

}  // namespace
}  // namespace ringmaster::sharding
