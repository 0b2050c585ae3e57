// Where the bytes of a split's items lie: in files of their own, or in a tar archive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// Any number of threads at once.
class ImageStore {
 public:
  virtual ~ImageStore() = default;
  // As Source::read(), for item number `item`, which was listed as `listed`.
  virtual void read(std::size_t item, const SourceItem& listed,
                    std::vector<std::byte>& out) const = 0;
  [[nodiscard]] virtual std::string locate(std::size_t item, const SourceItem& listed) const = 0;
  [[nodiscard]] virtual std::string path(const SourceItem& listed) const = 0;
};

// `root`/<item's name>. `shown` stands for `root` in locate(). `files` must outlive the store.
[[nodiscard]] std::unique_ptr<ImageStore> tree_store(FileSystem& files, std::string root,
                                                     std::string shown);
// `folder`/<file name of the item>, whatever class it was put into.
[[nodiscard]] std::unique_ptr<ImageStore> flat_store(FileSystem& files, std::string folder,
                                                     std::string shown);
// Item i at byte offsets[i] of the archive at `path`. `nested`: each class is a tar of its own in
// it, which locate() names.
[[nodiscard]] std::unique_ptr<ImageStore> tar_store(std::unique_ptr<ReadableFile> archive,
                                                    std::string path,
                                                    std::vector<std::uint64_t> offsets,
                                                    bool nested);

}  // namespace ringmaster::sharding
