// A packed data set as its users see it: samples by number, whatever the container or the number of
// shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::shard {

// How a record's payload is encoded. Stored in files: do not change existing values.
enum class Codec : std::uint8_t {
  kJpeg = 1,
  kPng = 2,
  kRaw8 = 3,  // height * width * channels bytes, row by row, channels interleaved
};

struct RecordInfo {
  Codec codec = Codec::kJpeg;
  std::uint32_t label = 0;  // 0 .. classes - 1
  std::uint32_t width = 0;  // as decoded
  std::uint32_t height = 0;
  std::uint32_t channels = 0;  // as encoded: 1 grey, 2 grey with alpha, 3 colour, 4 CMYK or alpha
  std::uint64_t size_bytes = 0;
  std::uint64_t hash = 0;  // XXH3-64 of the payload
};

struct Record {
  RecordInfo info;
  std::vector<std::byte> payload;  // its memory is reused by the next read into the same Record
};

// One split ("train" or "val") of a packed data set. All of it may be called from any number of
// threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  [[nodiscard]] virtual std::int64_t size() const = 0;                        // samples
  [[nodiscard]] virtual const std::vector<std::string>& classes() const = 0;  // names, by label
  // 32 hex digits over the whole data set (all splits, all shards): the same for every split of it.
  [[nodiscard]] virtual const std::string& hash() const = 0;
  [[nodiscard]] virtual RecordInfo info(std::int64_t sample) const = 0;
  // Reads sample 0 <= `sample` < size() and checks its hash. Error{kBadData} names shard file and
  // record.
  virtual void read(std::int64_t sample, Record& out) const = 0;
  // Samples of every shard, in the order of the samples; they add up to size().
  [[nodiscard]] virtual std::vector<std::int64_t> shard_sizes() const { return {size()}; }
  // "train-00003.rms record 17", for messages.
  [[nodiscard]] virtual std::string locate(std::int64_t sample) const = 0;
};

// The folder in which a shard lies, by the shard's file name: the data set's own, or that of a
// copy.
using FolderOf = std::function<std::string(const std::string& shard)>;

// Opens `split` of the data set in `folder`, and checks the manifest and the header and size of
// every shard before it returns. Error{kIo} where the folder or a shard is missing, Error{kBadData}
// where one is not what the manifest says (truncated, of another data set), Error{kInvalidArgument}
// for a split that the data set does not have. Shards are taken from `folder_of` where it is given.
[[nodiscard]] std::unique_ptr<Dataset> open_dataset(FileSystem& files, const std::string& folder,
                                                    const std::string& split,
                                                    const FolderOf& folder_of = {});

}  // namespace ringmaster::shard
