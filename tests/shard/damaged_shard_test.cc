// Nothing that a file can contain may do more than throw Error{kBadData}.
#include "base/philox.h"
#include "tests/shard/shard_fixture.h"
#include "tests/support/allocation_watch.h"

namespace ringmaster::shard {
namespace {

class DamagedShardTest : public ShardFixture {
 protected:
  void SetUp() override {
    write(path_, {kDataSetId, "train", 0},
          {raw(1, 3, 2, "a/x"), raw(2, 4, 4, "b/y"), raw(0, 1, 1, "c")});
    sound_ = text(path_);
    trailer_at_ = sound_.size() - kBlockBytes;
    tables_at_ = load_le_at<std::uint64_t>(std::as_bytes(std::span(sound_)), trailer_at_ + 16);
  }

  void open_and_read(const std::string& bytes) {
    put(path_, bytes);
    read_all(RecordReader(*files_, path_));
  }

  // Stores `value` at `at` of the sound shard, makes the hashes fit, and wants kBadData with
  // `part`.
  template <typename T>
  void expect_refused(std::size_t at, T value, const std::string& part) {
    std::string bytes = sound_;
    store_le_at<T>(std::as_writable_bytes(std::span(bytes)), at, value);
    fix_hashes(bytes);
    EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_, part}), ErrorKind::kBadData);
  }

  std::string sound_;
  std::size_t trailer_at_ = 0, tables_at_ = 0;
};

TEST_F(DamagedShardTest, SoundOneOpens) {
  open_and_read(sound_);
}

TEST_F(DamagedShardTest, EveryFlippedByteIsFound) {
  for (std::size_t at = 0; at < sound_.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bytes = sound_;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_}), ErrorKind::kBadData)
          << "byte " << at;
    }
  }
}

TEST_F(DamagedShardTest, EveryTruncationIsFound) {
  for (std::size_t size = 0; size < sound_.size(); ++size)
    EXPECT_EQ(kind_of([&] { open_and_read(sound_.substr(0, size)); }, {path_}), ErrorKind::kBadData)
        << size;
  EXPECT_EQ(kind_of([&] { open_and_read(sound_ + 'x'); }, {path_}), ErrorKind::kBadData);
}

TEST_F(DamagedShardTest, FieldsAreNamed) {
  constexpr auto kHuge = std::uint64_t{1} << 62;
  const std::size_t entries = tables_at_, offsets = entries + 72, records = offsets + 32;
  expect_refused<std::uint64_t>(trailer_at_, 4, "table of offsets");
  expect_refused<std::uint64_t>(trailer_at_, kHuge, "table of offsets");
  expect_refused<std::uint64_t>(trailer_at_, ~std::uint64_t{0}, "table of offsets");
  expect_refused<std::uint64_t>(trailer_at_ + 8, kHuge, "its trailer says");
  expect_refused<std::uint64_t>(trailer_at_ + 16, kHuge, "tables offset");
  expect_refused<std::uint64_t>(trailer_at_ + 16, 0, "tables offset");
  expect_refused<std::uint64_t>(trailer_at_ + 16, tables_at_ + 8, "tables offset");
  expect_refused<std::uint32_t>(trailer_at_ + 24, 17, "section count");
  expect_refused<std::uint32_t>(trailer_at_ + 24, 2, "section 3 is missing");
  expect_refused<std::uint32_t>(trailer_at_ + 28, 1, "reserved");
  expect_refused<std::uint64_t>(trailer_at_ + 40, 1, "different shards");
  expect_refused<std::uint32_t>(entries, 9, "section 9 is not known");
  expect_refused<std::uint32_t>(entries, 2, "section 2 occurs twice");
  expect_refused<std::uint32_t>(entries, kIgnorableSection | 1, "section 1 is missing");
  expect_refused<std::uint64_t>(entries + 8, kHuge, "outside of the tables");
  expect_refused<std::uint64_t>(entries + 16, ~std::uint64_t{0}, "outside of the tables");
  expect_refused<std::uint64_t>(entries + 16, 24, "table of offsets");
  expect_refused<std::uint64_t>(entries + 40, 64, "table of records");
  expect_refused<std::uint64_t>(offsets, 65, "record 0 begins");
  expect_refused<std::uint64_t>(offsets + 8, 64, "record 0");
  expect_refused<std::uint64_t>(offsets + 16, kHuge, "record 1");
  expect_refused<std::uint8_t>(records, 0, "codec is 0");
  expect_refused<std::uint8_t>(records + 32, 4, "record 1: codec is 4");
  expect_refused<std::uint8_t>(records + 1, 5, "channels is 5");
  expect_refused<std::uint16_t>(records + 2, 1, "reserved");
  expect_refused<std::uint32_t>(records + 8, 0, "width is 0");
  expect_refused<std::uint32_t>(records + 12, 0x80000000, "height is");
  expect_refused<std::uint32_t>(records + 12, 3, "bytes of raw pixels");
  expect_refused<std::uint64_t>(records + 16, 1, "record 0: the payload's hash");
  expect_refused<std::uint64_t>(records + 24, kHuge, "name begins");
  expect_refused<std::uint64_t>(records + 32 + 24, 7, "name begins at byte 6");
}

TEST_F(DamagedShardTest, NothingHidesBetweenPayloadsAndTables) {
  write(path_, {kDataSetId, "train", 0}, {raw(0, 20, 10, "a")});
  std::string bytes = text(path_);
  const auto block = std::as_writable_bytes(std::span(bytes));
  const auto tables = load_le_at<std::uint64_t>(block, bytes.size() - kBlockBytes + 16);
  store_le_at<std::uint64_t>(block, tables + 72 + 8, 65);  // the payload would end after 1 byte
  fix_hashes(bytes);
  EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_, "payloads end at byte 65"}),
            ErrorKind::kBadData);
}

TEST_F(DamagedShardTest, HeaderFieldsAreNamed) {
  const auto refused = [&](std::size_t at, char value, const std::string& part) {
    std::string bytes = sound_;
    bytes[at] = value;
    const auto block = std::as_writable_bytes(std::span(bytes)).first(kBlockBytes);
    store_le_at<std::uint64_t>(block, 56, xxh3_64(block.first(56)));
    EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_, part}), ErrorKind::kBadData);
  };
  refused(0, 'x', "magic number");
  refused(8, 2, "version is 2");
  refused(12, 1, "different shards");
  refused(32, 0, "split name");
  refused(40, 'x', "split name");
  refused(48, 1, "reserved");
}

TEST_F(DamagedShardTest, AnIgnorableSectionIsIgnored) {
  // A fourth entry needs 24 bytes: rebuild the tables around it.
  std::string tables = sound_.substr(tables_at_, trailer_at_ - tables_at_);
  const auto bytes = std::as_writable_bytes(std::span(tables));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto at = load_le_at<std::uint64_t>(bytes, i * kSectionEntryBytes + 8);
    store_le_at<std::uint64_t>(bytes, i * kSectionEntryBytes + 8, at + kSectionEntryBytes);
  }
  std::string entry(kSectionEntryBytes, '\0');
  encode_section({kIgnorableSection | 5, tables_at_, 0},
                 std::as_writable_bytes(std::span(entry)).first<kSectionEntryBytes>());
  tables.insert(3 * kSectionEntryBytes, entry);
  tables.resize(tables.size() + padding(tables.size(), kBlockBytes));
  std::string shard = sound_.substr(0, tables_at_) + tables + sound_.substr(trailer_at_);
  const auto trailer = std::as_writable_bytes(std::span(shard)).last(kBlockBytes);
  store_le_at<std::uint64_t>(trailer, 8, shard.size());
  store_le_at<std::uint32_t>(trailer, 24, 4);
  fix_hashes(shard);
  open_and_read(shard);
}

// Thousands of mutations behind hashes that fit: the checks below the hashes must hold alone.
TEST_F(DamagedShardTest, MutationsNeverCrashOrAllocateMuch) {
  int refused = 0;
  constexpr std::uint64_t kRuns = 6000;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    RandomStream random(1, RandomUse::kTest, run, 0);
    std::string bytes = sound_;
    const std::size_t from = random.below(2) == 0 ? tables_at_ : trailer_at_;
    for (std::uint32_t i = 1 + random.below(4); i > 0; --i) {
      const std::size_t at = from + random.below(static_cast<std::uint32_t>(bytes.size() - from));
      constexpr char kValues[] = {0, 1, 2, 64, 127, -128, -1};
      bytes[at] =
          random.below(2) == 0 ? kValues[random.below(7)] : static_cast<char>(random.below(256));
    }
    fix_hashes(bytes);
    put(path_, bytes);
    testing::reset_largest_allocation();
    try {
      read_all(RecordReader(*files_, path_));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
      ++refused;
    }
    ASSERT_LE(testing::largest_allocation_bytes(), 4096 + 4 * sound_.size()) << "run " << run;
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(DamagedShardTest, GarbageIsRefused) {
  for (std::uint64_t run = 0; run < 300; ++run) {
    RandomStream random(2, RandomUse::kTest, run, 0);
    std::string bytes(random.below(1000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_}), ErrorKind::kBadData);
  }
}

}  // namespace
}  // namespace ringmaster::shard
