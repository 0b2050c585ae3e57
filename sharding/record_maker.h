// From an item of a source to a record of a shard.
#pragma once

#include <string>
#include <vector>

#include "shard/dataset.h"
#include "sharding/image_check.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// What to do with a file that is no sound image.
enum class BadPolicy {
  kFail,  // stop, and name it
  kDrop,  // leave it out, and list it in the manifest
};

struct MadeRecord {
  shard::Record record;
  const SourceItem* item = nullptr;  // of the source
  std::string dropped;               // why it is left out; empty for one that is not
};

class RecordMaker {
 public:
  RecordMaker(const Source& source, CheckDepth check, BadPolicy bad)
      : source_(source), check_(check), bad_(bad) {}

  // Any number of threads at once, each with its own `scratch`. Error{kBadData} naming the file for
  // a bad one under kFail; Error{kIo} where it can't be read, under both.
  [[nodiscard]] MadeRecord make(std::size_t split, std::size_t item, image::Image& scratch) const;

 private:
  const Source& source_;
  CheckDepth check_;
  BadPolicy bad_;
};

}  // namespace ringmaster::sharding
