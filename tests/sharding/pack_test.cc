#include "sharding/pack.h"

#include <cerrno>

#include "shard/record_reader.h"
#include "tests/sharding/sharding_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::sharding {
namespace {

class PackTest : public ShardingFixture {
 protected:
  void SetUp() override {
    put_idx(dir_ / "src", "train", 1000);
    put_idx(dir_ / "src", "t10k", 103);
    source_ = open_idx_source(*files_, dir_ / "src", {});
    options_.output = out_;
    options_.plan = {.rule = {.shards = 4}, .seed = 5};
    options_.workers = 2;
    options_.packer = "test";
  }

  PackResult run(FileSystem& files) { return pack(files, *source_, options_, observer_); }
  PackResult run() {
    observer_ = {};
    return run(*files_);
  }
  // What an unbroken pack writes.
  std::map<std::string, std::string> reference() {
    PackOptions options = options_;
    options.output = dir_ / "reference";
    options.overwrite = true;
    RecordingObserver observer;
    (void)pack(*files_, *source_, options, observer);
    return contents(options.output);
  }

  const std::string out_ = dir_ / "out";
  std::unique_ptr<Source> source_;
  PackOptions options_;
  RecordingObserver observer_;
};

TEST_F(PackTest, EveryImageOnceWithItsLabelAndPixels) {
  const PackResult result = run();
  EXPECT_EQ(result.outcome, PackOutcome::kPacked);
  EXPECT_EQ(observer_.asked, 1103u);
  EXPECT_EQ(observer_.done, 1103u);
  ASSERT_EQ(result.manifest.splits.size(), 2u);
  EXPECT_EQ(result.manifest.splits[0].shards.size(), 4u);
  EXPECT_EQ(result.manifest.splits[0].records(), 1000u);
  EXPECT_EQ(result.manifest.splits[0].class_counts, std::vector<std::uint64_t>(5, 200));
  EXPECT_EQ(result.manifest.splits[1].records(), 103u);
  EXPECT_EQ(shard::read_manifest(*files_, out_), result.manifest);

  std::map<std::string, int> seen;
  shard::Record record;
  for (std::uint32_t s = 0; s < 4; ++s) {
    const shard::RecordReader shard(*files_, join_path(out_, shard::shard_file_name("train", s)));
    for (std::uint64_t i = 0; i < shard.records(); ++i) {
      shard.read(i, record);
      const std::string name = shard.name(i);
      ++seen[name];
      const int number = std::stoi(name.substr(name.find('[') + 1));
      EXPECT_EQ(record.info.label, static_cast<std::uint32_t>(number % 5));
      EXPECT_EQ(std::to_integer<int>(record.payload[0]), number * 7 % 256);
      EXPECT_EQ(record.info.codec, shard::Codec::kRaw8);
    }
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST_F(PackTest, SameBytesForAnyNumberOfWorkersAndAnyMemory) {
  const auto want = reference();
  ASSERT_EQ(want.size(), 7u);
  for (const int workers : {1, 3, 8}) {
    for (const std::uint64_t memory :
         {std::uint64_t{1}, std::uint64_t{2000}, std::uint64_t{1} << 30}) {
      options_.workers = workers;
      options_.memory_bytes = memory;
      options_.output = dir_ / ("out" + std::to_string(workers) + "_" + std::to_string(memory));
      (void)run();
      EXPECT_EQ(contents(options_.output), want);
    }
  }
}

TEST_F(PackTest, SecondCallWritesNothing) {
  (void)run();
  const auto before = contents(out_);
  testing::FaultyFileSystem counting(*files_);
  EXPECT_EQ(run(counting).outcome, PackOutcome::kAlreadyPacked);
  EXPECT_EQ(counting.calls(), 1);  // make_dirs
  EXPECT_EQ(contents(out_), before);
}

TEST_F(PackTest, AnotherPackIsRefusedOrReplaced) {
  (void)run();
  options_.plan.seed = 6;
  EXPECT_EQ(kind_of([&] { (void)run(); }, {out_, "seed is 5, not 6", "--overwrite"}),
            ErrorKind::kInvalidArgument);
  options_.plan.rule.shards = 2;
  files_->remove(join_path(out_, shard::kManifestName));
  EXPECT_EQ(kind_of([&] { (void)run(); }, {"train-00002.rms", "--overwrite"}),
            ErrorKind::kInvalidArgument);
  options_.plan.rule.shards = 4;
  EXPECT_EQ(kind_of([&] { (void)run(); }, {"train-00000.rms", "other options"}),
            ErrorKind::kInvalidArgument);
  options_.plan.rule.shards = 2;
  options_.overwrite = true;
  put(join_path(out_, "notes.txt"), "mine");
  (void)run();
  auto left = contents(out_);
  EXPECT_EQ(left.at("notes.txt"), "mine");
  left.erase("notes.txt");
  EXPECT_EQ(left, reference());
}

TEST_F(PackTest, AnotherSourceIsRefused) {
  (void)run();
  std::string pixels = read_text(*files_, dir_ / "src/train-images-idx3-ubyte");
  pixels.back() ^= 1;
  put(dir_ / "src/train-images-idx3-ubyte", pixels);
  source_ = open_idx_source(*files_, dir_ / "src", {});
  EXPECT_EQ(kind_of([&] { (void)run(); }, {out_, "source"}), ErrorKind::kInvalidArgument);
}

TEST_F(PackTest, GoesOnWhereItWasStopped) {
  const auto want = reference();
  for (const std::uint64_t stop_at : {0u, 1u, 250u, 300u, 500u, 999u, 1000u, 1103u}) {
    options_.output = dir_ / ("stop" + std::to_string(stop_at));
    observer_ = {};
    observer_.stop_at = stop_at;
    EXPECT_EQ(run(*files_).outcome, PackOutcome::kStopped);
    for (const auto& [name, bytes] : contents(options_.output)) {
      if (name.ends_with(".audit")) continue;
      EXPECT_EQ(bytes, want.at(name)) << name << " after a stop at " << stop_at;
    }
    EXPECT_FALSE(files_->exists(join_path(options_.output, shard::kManifestName)));
    EXPECT_EQ(run().outcome, PackOutcome::kPacked);
    EXPECT_EQ(contents(options_.output), want);
    EXPECT_GE(observer_.notes_with("keeping"), stop_at / 250) << stop_at;
  }
}

TEST_F(PackTest, MakesDamagedAndMissingShardsAgain) {
  const auto want = reference();
  (void)run();
  const std::string shard = join_path(out_, "train-00001.rms");
  for (const bool with_manifest : {true, false}) {
    for (const char* damage : {"missing", "truncated", "empty"}) {
      if (!with_manifest && files_->exists(join_path(out_, shard::kManifestName)))
        files_->remove(join_path(out_, shard::kManifestName));
      if (damage == std::string("missing")) files_->remove(shard);
      if (damage == std::string("truncated")) files_->truncate(shard, 1000);
      if (damage == std::string("empty")) files_->truncate(shard, 0);
      EXPECT_EQ(run().outcome, PackOutcome::kPacked) << damage;
      EXPECT_EQ(observer_.notes_with("keeping"), 4u);
      EXPECT_EQ(contents(out_), want) << damage;
    }
  }
  files_->remove(join_path(out_, shard::kManifestName));
  std::string bytes = read_text(*files_, shard);
  bytes[100] ^= 1;  // a payload: found only by reading it
  put(shard, bytes);
  (void)run();
  EXPECT_EQ(contents(out_), want);
}

// Full disk and power cut at every call: never a manifest before the end, never a damaged file
// under a final name, and the same command finishes with the same bytes.
TEST_F(PackTest, BrokenAtEveryCallItCanGoOn) {
  const auto want = reference();
  testing::FaultyFileSystem counting(*files_);
  (void)run(counting);
  const std::int64_t calls = counting.calls();
  ASSERT_GT(calls, 25);
  for (std::int64_t k = 0; k < calls; ++k) {
    for (const bool crash : {false, true}) {
      options_.output = dir_ / ("broken" + std::to_string(k) + (crash ? "c" : "f"));
      testing::FaultyFileSystem faulty(*files_);
      crash ? faulty.crash_at(k) : faulty.fill_disk(k);
      try {
        EXPECT_EQ(run(faulty).outcome, PackOutcome::kPacked);
        EXPECT_FALSE(faulty.broke());  // a full disk doesn't matter to the call
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kIo);
      }
      if (files_->exists(options_.output)) {
        for (const auto& [name, bytes] : contents(options_.output)) {
          const bool notes = name.find(".rms.audit") != std::string::npos;  // gone at the end
          if (notes || (crash && name.ends_with(".tmp"))) continue;
          EXPECT_EQ(bytes, want.at(name)) << name << ", broken at call " << k;
        }
      }
      (void)run();
      EXPECT_EQ(contents(options_.output), want) << "broken at call " << k;
    }
  }
}

TEST_F(PackTest, PartsMergeToTheSameBytes) {
  const auto want = reference();
  for (const std::uint32_t parts : {2u, 3u, 5u, 9u}) {  // of 5 shards: some parts may be empty
    options_.output = dir_ / ("parts" + std::to_string(parts));
    for (std::uint32_t i = parts; i >= 1; --i) {
      options_.part = {i, parts};
      EXPECT_EQ(run().outcome, PackOutcome::kPacked);
      EXPECT_EQ(run().outcome, PackOutcome::kAlreadyPacked);
      EXPECT_FALSE(files_->exists(join_path(options_.output, shard::kManifestName)));
      if (i > 1) {
        EXPECT_EQ(kind_of([&] { (void)merge_parts(*files_, options_.output); },
                          {part_file_name({1, parts}), "is missing"}),
                  ErrorKind::kBadData);
      }
    }
    EXPECT_EQ(merge_parts(*files_, options_.output).splits[0].records(), 1000u);
    EXPECT_EQ(contents(options_.output), want) << parts << " parts";
    EXPECT_EQ(run().outcome, PackOutcome::kAlreadyPacked);
  }
}

TEST_F(PackTest, PartsOfDifferentPacksDoNotMerge) {
  options_.part = {1, 2};
  (void)run();
  EXPECT_EQ(kind_of([&] { (void)merge_parts(*files_, dir_ / "src"); }, {"no parts"}),
            ErrorKind::kInvalidArgument);
  const std::string second = join_path(out_, part_file_name({2, 2}));
  options_.part = {2, 2};
  options_.plan.seed = 6;
  options_.output = dir_ / "other";
  (void)run();
  put(second, read_text(*files_, join_path(options_.output, part_file_name({2, 2}))));
  EXPECT_EQ(kind_of([&] { (void)merge_parts(*files_, out_); }, {second, "another pack"}),
            ErrorKind::kBadData);
}

TEST(Parts, OwnEveryShardOnce) {
  for (const std::size_t shards : {0u, 1u, 5u, 100u}) {
    for (const std::uint32_t count : {1u, 2u, 3u, 7u, 200u}) {
      for (std::size_t shard = 0; shard < shards; ++shard) {
        int owners = 0;
        for (std::uint32_t i = 1; i <= count; ++i) owners += Part{i, count}.owns(shard, shards);
        EXPECT_EQ(owners, 1);
      }
    }
  }
}

TEST(Parts, AreParsedStrictly) {
  EXPECT_EQ(parse_part("2/3").index, 2u);
  EXPECT_EQ(parse_part("2/3").count, 3u);
  for (const char* text :
       {"", "1", "0/3", "4/3", "1/0", "-1/3", "1/3x", "a/b", "1/", "/3", "1/100000"})
    EXPECT_THROW((void)parse_part(text), Error) << text;
}

// The real file system with little room.
class SmallDisk final : public testing::PassThroughFileSystem {
 public:
  SmallDisk(FileSystem& real, std::uint64_t free) : PassThroughFileSystem(real), free_(free) {}
  std::unique_ptr<WritableFile> create(const std::string&) override {
    throw io_error("create", ENOSPC);
  }
  std::uint64_t free_bytes(const std::string&) override { return free_; }

 private:
  std::uint64_t free_;
};

TEST_F(PackTest, SpaceIsCheckedBeforeAnythingIsWritten) {
  SmallDisk disk(*files_, 10000);
  EXPECT_EQ(kind_of([&] { (void)run(disk); }, {out_, "MiB free"}), ErrorKind::kIo);
  EXPECT_TRUE(contents(out_).empty());
}

TEST_F(PackTest, TheDataSetOpens) {
  (void)run();
  const auto train = shard::open_dataset(*files_, out_, "train");
  const auto val = shard::open_dataset(*files_, out_, "val");
  EXPECT_EQ(train->size(), 1000);
  EXPECT_EQ(val->size(), 103);
  EXPECT_EQ(train->hash(), val->hash());
}

}  // namespace
}  // namespace ringmaster::sharding
