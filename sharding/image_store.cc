#include "sharding/image_store.h"

#include "base/check.h"
#include "shard/shard_format.h"
#include "sharding/image_name.h"

namespace ringmaster::sharding {
namespace {

void require_possible_size(const SourceItem& listed, const std::string& where) {
  RM_REQUIRE(listed.size_bytes <= shard::kMaxPayloadBytes, ErrorKind::kBadData, where, " has ",
             listed.size_bytes, " bytes: no image of a data set is that large");
}

class FileStore final : public ImageStore {
 public:
  FileStore(FileSystem& files, std::string root, std::string shown, bool flat)
      : files_(files), root_(std::move(root)), shown_(std::move(shown)), flat_(flat) {}

  void read(std::size_t, const SourceItem& listed, std::vector<std::byte>& out) const override {
    const std::string path = this->path(listed);
    const auto file = files_.open(path);
    RM_REQUIRE(file->size_bytes() == listed.size_bytes, ErrorKind::kBadData, path,
               " changed while it was packed: it had ", listed.size_bytes, " bytes and has ",
               file->size_bytes());
    require_possible_size(listed, path);
    out.resize(listed.size_bytes);
    file->read_at(0, out);
  }
  std::string locate(std::size_t, const SourceItem& listed) const override {
    return join_path(shown_, below_root(listed));
  }
  std::string path(const SourceItem& listed) const override {
    return join_path(root_, below_root(listed));
  }

 private:
  [[nodiscard]] std::string below_root(const SourceItem& listed) const {
    return flat_ ? file_name_of(listed.name) : listed.name;
  }

  FileSystem& files_;
  std::string root_, shown_;
  bool flat_;
};

class TarStore final : public ImageStore {
 public:
  TarStore(std::unique_ptr<ReadableFile> archive, std::string path,
           std::vector<std::uint64_t> offsets, bool nested)
      : archive_(std::move(archive)),
        path_(std::move(path)),
        offsets_(std::move(offsets)),
        nested_(nested) {}

  void read(std::size_t item, const SourceItem& listed,
            std::vector<std::byte>& out) const override {
    require_possible_size(listed, listed.name);
    out.resize(listed.size_bytes);
    archive_->read_at(offsets_.at(item), out);
  }
  std::string locate(std::size_t item, const SourceItem& listed) const override {
    // The name is SPLIT/CLASS/MEMBER.
    const auto first = listed.name.find('/');
    const auto second = listed.name.find('/', first + 1);
    const std::string class_tar =
        nested_ ? listed.name.substr(first + 1, second - first - 1) + ".tar: " : "";
    return join_text(file_name_of(path_), ": ", class_tar, listed.name.substr(second + 1),
                     " at byte ", offsets_.at(item));
  }
  std::string path(const SourceItem&) const override { return ""; }

 private:
  std::unique_ptr<ReadableFile> archive_;
  std::string path_;
  std::vector<std::uint64_t> offsets_;
  bool nested_;
};

}  // namespace

std::unique_ptr<ImageStore> tree_store(FileSystem& files, std::string root, std::string shown) {
  return std::make_unique<FileStore>(files, std::move(root), std::move(shown), /*flat=*/false);
}

std::unique_ptr<ImageStore> flat_store(FileSystem& files, std::string folder, std::string shown) {
  return std::make_unique<FileStore>(files, std::move(folder), std::move(shown), /*flat=*/true);
}

std::unique_ptr<ImageStore> tar_store(std::unique_ptr<ReadableFile> archive, std::string path,
                                      std::vector<std::uint64_t> offsets, bool nested) {
  return std::make_unique<TarStore>(std::move(archive), std::move(path), std::move(offsets),
                                    nested);
}

}  // namespace ringmaster::sharding
