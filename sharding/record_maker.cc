#include "sharding/record_maker.h"

#include "base/check.h"

namespace ringmaster::sharding {

MadeRecord RecordMaker::make(std::size_t split, std::size_t item, image::Image& scratch) const {
  MadeRecord made{.item = &source_.splits().at(split).items.at(item)};
  source_.read(split, item, made.record.payload);
  if (const auto shape = source_.raw_shape()) {
    made.record.info = {.codec = shard::Codec::kRaw8,
                        .width = shape->width,
                        .height = shape->height,
                        .channels = 1};
  } else {
    try {
      made.record.info = check_image(made.record.payload, check_, scratch);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
      RM_REQUIRE(bad_ == BadPolicy::kDrop, ErrorKind::kBadData, made.item->name,
                 " is no sound image: ", error.what(),
                 ". Repair or remove it, or leave such files out with --bad drop");
      made.dropped = error.what();
    }
  }
  made.record.info.label = made.item->label;
  return made;
}

}  // namespace ringmaster::sharding
