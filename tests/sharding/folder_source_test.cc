#include "sharding/folder_source.h"

#include <filesystem>

#include "sharding/open_source.h"
#include "tests/sharding/sharding_fixture.h"

namespace ringmaster::sharding {
namespace {

class FolderSourceTest : public ShardingFixture {
 protected:
  std::unique_ptr<Source> open() { return open_source(*files_, {.input = dir_.path()}); }
  ErrorKind open_error(const std::vector<std::string>& parts) {
    return kind_of([&] { (void)open(); }, parts);
  }
};

TEST_F(FolderSourceTest, ListsAsImageFolderDoes) {
  for (const char* name :
       {"train/b/2.png", "train/b/10.JPG", "train/b/x.txt", "train/b/deep/er/1.jpeg",
        "train/b/deep-er/0.jpeg", "train/a/only.JPEG", "train/B/Capital.PnG", "train/loose.jpg",
        "train/b/noextension", "train/b/a.jpgx", "val/b/v.jpg"})
    put(dir_ / name, "12345");
  const auto source = open();
  EXPECT_EQ(source->classes(), (std::vector<std::string>{"B", "a", "b"}));
  std::vector<std::string> names;
  std::vector<std::uint32_t> labels;
  for (const SourceItem& item : source->splits()[0].items) {
    names.push_back(item.name);
    labels.push_back(item.label);
    EXPECT_EQ(item.size_bytes, 5u);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"train/B/Capital.PnG", "train/a/only.JPEG",
                                             "train/b/10.JPG", "train/b/2.png",
                                             "train/b/deep-er/0.jpeg", "train/b/deep/er/1.jpeg"}));
  EXPECT_EQ(labels, (std::vector<std::uint32_t>{0, 1, 2, 2, 2, 2}));
  EXPECT_EQ(source->splits()[1].items[0].label, 2u);  // the labels are train's
  EXPECT_NE(source->description().find("3 other files"), std::string::npos);
  EXPECT_FALSE(source->raw_shape().has_value());
}

TEST_F(FolderSourceTest, FingerprintIsOfNamesAndSizes) {
  put(dir_ / "train/a/1.jpg", "abc");
  put(dir_ / "train/a/2.jpg", "abc");
  const std::string before = open()->fingerprint();
  put(dir_ / "train/a/readme", "");
  EXPECT_EQ(open()->fingerprint(), before);
  put(dir_ / "train/a/2.jpg", "abcd");
  const std::string larger = open()->fingerprint();
  EXPECT_NE(larger, before);
  put(dir_ / "train/a/3.jpg", "x");
  EXPECT_NE(open()->fingerprint(), larger);
}

TEST_F(FolderSourceTest, SaysWhatIsMissing) {
  EXPECT_EQ(open_error({dir_.path(), "train/CLASS/NAME.jpg", "train-images-idx3-ubyte"}),
            ErrorKind::kBadData);
  EXPECT_EQ(
      kind_of([&] { (void)open_source(*files_, {.input = dir_ / "absent"}); }, {"not a folder"}),
      ErrorKind::kInvalidArgument);
  files_->make_dirs(dir_ / "train");
  put(dir_ / "train/loose.jpg", "x");
  EXPECT_EQ(open_error({"no class folders"}), ErrorKind::kBadData);
  files_->make_dirs(dir_ / "train/a");
  EXPECT_EQ(open_error({dir_ / "train", "no images"}), ErrorKind::kBadData);
  put(dir_ / "train/b/1.jpg", "x");
  EXPECT_EQ(open_error({"class a", "has no"}), ErrorKind::kBadData);
  put(dir_ / "train/a/1.jpg", "x");
  put(dir_ / "val/c/1.jpg", "x");
  EXPECT_EQ(open_error({dir_ / "val", "class c"}), ErrorKind::kBadData);
}

TEST_F(FolderSourceTest, FollowsLinksButNotInCircles) {
  put(dir_ / "elsewhere/1.jpg", "x");
  files_->make_dirs(dir_ / "train");
  std::filesystem::create_directory_symlink(dir_ / "elsewhere", dir_ / "train/a");
  EXPECT_EQ(open()->splits()[0].items[0].name, "train/a/1.jpg");
  std::filesystem::create_directory_symlink(dir_ / "elsewhere", dir_ / "elsewhere/again");
  EXPECT_EQ(open_error({"symbolic link"}), ErrorKind::kBadData);
}

TEST_F(FolderSourceTest, AFileThatChangedIsNamed) {
  put(dir_ / "train/a/1.jpg", "abc");
  const auto source = open();
  std::vector<std::byte> bytes;
  source->read(0, 0, bytes);
  EXPECT_EQ(bytes.size(), 3u);
  put(dir_ / "train/a/1.jpg", "abcd");
  EXPECT_EQ(kind_of([&] { source->read(0, 0, bytes); }, {"train/a/1.jpg", "changed"}),
            ErrorKind::kBadData);
}

TEST_F(FolderSourceTest, ClassNamesAreForIdx) {
  put(dir_ / "train/a/1.jpg", "abc");
  EXPECT_EQ(
      kind_of([&] { (void)open_source(*files_, {.input = dir_.path(), .class_names = {"x"}}); },
              {"--class-names"}),
      ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace ringmaster::sharding
