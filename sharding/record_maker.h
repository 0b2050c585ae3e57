// From an item of a source to a record of a shard.
#pragma once

#include <string>
#include <vector>

#include "shard/dataset.h"
#include "sharding/inspect_image.h"
#include "sharding/reshape.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// What to do with a file that training can't use as it is.
enum class BadPolicy {
  kFail,  // stop, and name it
  kDrop,  // leave it out, and list it in the manifest
  kFix,   // transcode what has all its pixels but is no plain image (CMYK, PNG called .JPEG, to be
          // turned by EXIF) to a baseline RGB JPEG; leave the others out
};

struct MadeRecord {
  shard::Record record;
  const SourceItem* item = nullptr;  // of the source
  std::string dropped;               // why it is left out; empty for one that is not
  std::string original_hash;         // XXH3-128 of a fixed file as it was; else empty
  std::vector<Finding> findings;
};

class RecordMaker {
 public:
  RecordMaker(const Source& source, CheckDepth check, BadPolicy bad,
              const ReshapeOptions& reshape = {})
      : source_(source), check_(check), bad_(bad), reshape_(reshape) {}

  // Any number of threads at once, each with its own `scratch`. Error{kBadData} naming the file for
  // a bad one under kFail; Error{kIo} where it can't be read, under all.
  [[nodiscard]] MadeRecord make(std::size_t split, std::size_t item, image::Image& scratch) const;

 private:
  void reshape_now(Inspection& seen, bool decoded, image::Image& scratch, MadeRecord& made) const;

  const Source& source_;
  CheckDepth check_;
  BadPolicy bad_;
  ReshapeOptions reshape_;
};

// What is said of a file that is bad under kFail, whenever that is found.
[[noreturn]] void fail_bad(const std::string& where, const std::string& reason);

}  // namespace ringmaster::sharding
