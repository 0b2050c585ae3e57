// As damaged_shard_test.cc, for the other container: what a file can contain must not reach the
// HDF5 library before its hash fits.
#include <cstring>

#include "base/philox.h"
#include "shard/hdf5_reader.h"
#include "tests/shard/shard_fixture.h"
#include "tests/support/allocation_watch.h"
#include "tests/support/pass_through_file_system.h"

namespace ringmaster::shard {
namespace {

class DamagedHdf5Test : public ShardFixture {
 protected:
  void SetUp() override {
    write(path_, {kDataSetId, "train", 0},
          {raw(1, 3, 2, "a/x"), raw(2, 4, 4, "b/y"), raw(0, 1, 1, "c")}, Container::kHdf5);
    sound_ = text(path_);
  }
  void open_and_read(const std::string& bytes) {
    put(path_, bytes);
    read_all(Hdf5Reader(*files_, path_));
  }
  // Stores `value` at `at` of the user block, makes its hash fit, and wants kBadData with `part`.
  template <typename T>
  void expect_refused(std::size_t at, T value, const std::string& part) {
    std::string bytes = sound_;
    const auto block = std::as_writable_bytes(std::span(bytes)).first(kUserBlockBytes);
    store_le_at<T>(block, at, value);
    store_le_at<std::uint64_t>(block, 504, xxh3_64(block.first(504)));
    EXPECT_EQ(kind_of([&] { open_and_read(bytes); }, {path_, part}), ErrorKind::kBadData);
  }

  const std::string path_ = dir_ / "train-00000.h5";
  std::string sound_;
};

TEST_F(DamagedHdf5Test, SoundOneOpens) {
  open_and_read(sound_);
}

// Shows one file with a byte flipped, to all but the HDF5 library: that one sees the sound file, so
// what is found is found by our hashes.
class FlippingFileSystem final : public testing::PassThroughFileSystem {
 public:
  FlippingFileSystem(FileSystem& base, std::string bytes)
      : PassThroughFileSystem(base), bytes_(std::move(bytes)) {}
  std::unique_ptr<ReadableFile> open(const std::string&) override {
    return std::make_unique<File>(bytes_);
  }
  void flip(std::size_t at) { bytes_[at] = static_cast<char>(bytes_[at] ^ (1 << at % 8)); }

 private:
  class File final : public ReadableFile {
   public:
    explicit File(const std::string& bytes) : bytes_(bytes) {}
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    void read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
      std::memcpy(out.data(), bytes_.data() + offset_bytes, out.size());
    }

   private:
    const std::string& bytes_;
  };

  std::string bytes_;
};

TEST_F(DamagedHdf5Test, EveryFlippedByteIsFound) {
  FlippingFileSystem flipping(*files_, sound_);
  for (std::size_t at = 0; at < sound_.size(); ++at) {
    flipping.flip(at);
    EXPECT_EQ(kind_of([&] { read_all(Hdf5Reader(flipping, path_)); }, {path_}), ErrorKind::kBadData)
        << at;
    flipping.flip(at);
  }
  read_all(Hdf5Reader(flipping, path_));
}

TEST_F(DamagedHdf5Test, EveryTruncationIsFound) {
  for (std::size_t size = 0; size < sound_.size(); size += size < 520 ? 1 : 101)
    EXPECT_EQ(kind_of([&] { open_and_read(sound_.substr(0, size)); }, {path_}), ErrorKind::kBadData)
        << size;
  EXPECT_EQ(kind_of([&] { open_and_read(sound_ + 'x'); }, {path_}), ErrorKind::kBadData);
}

TEST_F(DamagedHdf5Test, FieldsAreNamed) {
  constexpr auto kHuge = std::uint64_t{1} << 62;
  expect_refused<std::uint32_t>(8, 2, "version is 2");
  expect_refused<std::uint8_t>(32, 0, "split name");
  expect_refused<std::uint64_t>(48, kHuge, "record count");
  expect_refused<std::uint64_t>(48, 4, "elements, not");
  expect_refused<std::uint64_t>(56, kHuge, "its user block says");
  expect_refused<std::uint64_t>(64, kHuge, "outside of the file");
  expect_refused<std::uint64_t>(64, 0, "outside of the file");
  expect_refused<std::uint64_t>(72, ~std::uint64_t{0}, "outside of the file");
  expect_refused<std::uint64_t>(72, 0, "outside of the file");
  expect_refused<std::uint64_t>(72, 5, "tables' hash");
  expect_refused<std::uint64_t>(80, 1, "tables' hash");
  expect_refused<std::uint32_t>(88, 1, "reserved");
}

TEST_F(DamagedHdf5Test, RandomUserBlocksNeitherCrashNorAllocate) {
  RandomStream random(1, RandomUse::kTest, 1, 0);
  testing::reset_largest_allocation();
  for (int i = 0; i < 500; ++i) {
    std::string bytes = sound_;
    const auto block = std::as_writable_bytes(std::span(bytes)).first(kUserBlockBytes);
    for (std::uint32_t k = random.below(4) + 1; k > 0; --k)
      block[12 + random.below(76)] = static_cast<std::byte>(random.below(256));
    store_le_at<std::uint64_t>(block, 504, xxh3_64(block.first(504)));
    try {
      open_and_read(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
    }
  }
  EXPECT_LE(testing::largest_allocation_bytes(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace ringmaster::shard
