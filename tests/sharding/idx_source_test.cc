#include "sharding/idx_source.h"

#include <zlib.h>

#include "sharding/gzip_reader.h"
#include "sharding/open_source.h"
#include "tests/sharding/sharding_fixture.h"

namespace ringmaster::sharding {
namespace {

class IdxSourceTest : public ShardingFixture {
 protected:
  std::unique_ptr<Source> open() { return open_source(*files_, {.input = dir_.path()}); }
  ErrorKind open_error(const std::vector<std::string>& parts) {
    return kind_of([&] { (void)open(); }, parts);
  }
  std::string gzipped(const std::string& text) {
    const std::string path = dir_ / "scratch";
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    std::string bytes = read_text(*files_, path);
    files_->remove(path);
    return bytes;
  }
  const std::string images_ = dir_ / "train-images-idx3-ubyte";
  const std::string labels_ = dir_ / "train-labels-idx1-ubyte";
};

TEST_F(IdxSourceTest, ReadsImagesAndLabels) {
  put_idx(dir_.path(), "train", 12);
  put_idx(dir_.path(), "t10k", 7);
  const auto source = open();
  ASSERT_EQ(source->splits().size(), 2u);
  EXPECT_EQ(source->splits()[0].name, "train");
  EXPECT_EQ(source->splits()[1].name, "val");
  EXPECT_EQ(source->splits()[0].items.size(), 12u);
  EXPECT_EQ(source->splits()[1].items.size(), 7u);
  EXPECT_EQ(source->splits()[1].items[6].label, 1u);
  EXPECT_EQ(source->splits()[1].items[6].name, "t10k-images-idx3-ubyte[6]");
  EXPECT_EQ(source->classes(), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(source->raw_shape()->width, 4u);
  EXPECT_EQ(source->raw_shape()->height, 3u);
  std::vector<std::byte> pixels;
  source->read(0, 11, pixels);
  ASSERT_EQ(pixels.size(), 12u);
  EXPECT_EQ(std::to_integer<int>(pixels[0]), 77);
  EXPECT_EQ(std::to_integer<int>(pixels[11]), 88);
}

TEST_F(IdxSourceTest, FingerprintIsOfTheContent) {
  put_idx(dir_.path(), "train", 12);
  const std::string before = open()->fingerprint();
  std::string bytes = read_text(*files_, images_);
  bytes.back() ^= 1;
  put(images_, bytes);
  EXPECT_NE(open()->fingerprint(), before);
  bytes.back() ^= 1;
  files_->remove(images_);
  put(images_ + ".gz", gzipped(bytes));
  EXPECT_EQ(open()->fingerprint(), before);
}

TEST_F(IdxSourceTest, ClassNamesFromAFile) {
  put_idx(dir_.path(), "train", 12);
  put(dir_ / "names", "a\nb\r\nc d\ne\nf\n\n");
  const auto names = read_class_names(*files_, dir_ / "names");
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c d", "e", "f"}));
  EXPECT_EQ(open_source(*files_, {.input = dir_.path(), .class_names = names})->classes(), names);
  EXPECT_EQ(kind_of(
                [&] {
                  (void)open_source(*files_, {.input = dir_.path(), .class_names = {"a", "b"}});
                },
                {labels_, "label 2 is 2", "2 classes"}),
            ErrorKind::kBadData);
  put(dir_ / "names", "\n");
  EXPECT_EQ(kind_of([&] { (void)read_class_names(*files_, dir_ / "names"); }, {"names"}),
            ErrorKind::kBadData);
}

TEST_F(IdxSourceTest, FashionMnistIsRecognised) {
  const std::string fashion =
      "/usr/share/datasets/fashion-mnist";  // Debian's dataset-fashion-mnist
  const auto source = open_source(*files_, {.input = fashion});
  EXPECT_EQ(source->classes()[9], "Ankle boot");
  EXPECT_EQ(source->splits()[0].items.size(), 60000u);
  EXPECT_EQ(source->splits()[1].items.size(), 10000u);
}

TEST_F(IdxSourceTest, DamagedFilesAreNamed) {
  put_idx(dir_.path(), "train", 12);
  const std::string images = read_text(*files_, images_), labels = read_text(*files_, labels_);
  const auto with_images = [&](const std::string& bytes, const std::string& part) {
    put(images_, bytes);
    EXPECT_EQ(open_error({images_, part}), ErrorKind::kBadData);
  };
  with_images("", "0 bytes");
  with_images(images.substr(0, 15), "truncated");
  with_images(labels, "magic number is 2049, not 2051");
  with_images(images.substr(0, images.size() - 1), "its dimensions ask for 160");
  with_images(images + "x", "its dimensions ask for 160");
  with_images(big_endian(0x803) + big_endian(0) + big_endian(3) + big_endian(4),
              "dimension 0 is 0");
  const std::string huge = big_endian(0xffffffff);
  with_images(big_endian(0x803) + huge + huge + huge, "dimension 1 is 4294967295");
  put(images_, images);
  put(labels_, labels.substr(0, 4) + big_endian(11) + labels.substr(8, 11));
  EXPECT_EQ(open_error({images_, labels_, "12 images", "11 labels"}), ErrorKind::kBadData);
  files_->remove(labels_);
  EXPECT_EQ(open_error({"train-labels-idx1-ubyte"}), ErrorKind::kBadData);
  put(labels_, labels);
  put_idx(dir_.path(), "t10k", 5, 8, 8);
  EXPECT_EQ(open_error({"t10k-images", "8 x 8", "4 x 3"}), ErrorKind::kBadData);
}

TEST_F(IdxSourceTest, GzipIsUnpackedWithinBounds) {
  const std::string path = dir_ / "x.gz";
  // Of all different words: in a run of one letter, a damaged distance can give the same text.
  std::string text;
  for (int i = 0; i < 60000; ++i) text += std::to_string(i * 7919) + ' ';
  const std::string packed = gzipped(text);
  const auto unpack = [&](std::uint64_t limit) {
    const auto bytes = read_maybe_gzip(*files_, path, limit);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  put(path, packed);
  EXPECT_EQ(unpack(text.size()), text);
  EXPECT_EQ(kind_of([&] { (void)unpack(text.size() - 1); }, {path, "more than"}),
            ErrorKind::kBadData);
  put(path, packed + gzipped("tail"));
  EXPECT_EQ(unpack(text.size() + 4), text + "tail");
  put(path, packed + "garbage");
  EXPECT_EQ(kind_of([&] { (void)unpack(text.size()); }, {path, "gzip"}), ErrorKind::kBadData);
  for (std::size_t cut = 0; cut < packed.size(); cut += 5003) {
    put(path, packed.substr(0, cut));
    EXPECT_EQ(kind_of([&] { (void)unpack(text.size()); }, {path, "truncated"}),
              ErrorKind::kBadData);
  }
  for (std::size_t at = 10; at < packed.size(); at += 1009) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    put(path, damaged);
    EXPECT_EQ(kind_of([&] { (void)unpack(text.size()); }, {path}), ErrorKind::kBadData) << at;
  }
}

}  // namespace
}  // namespace ringmaster::sharding
