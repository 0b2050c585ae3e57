// From a record to RGB pixels.
#pragma once

#include "image/image.h"
#include "shard/dataset.h"

namespace ringmaster::data {

// Decodes `crop` of the record's image (all of it where crop.height is 0) into `out` as RGB, whose
// memory is reused; grey is repeated. Error{kBadData} where the payload is damaged, or is not of
// the size that the record says.
void decode_record(const shard::Record& record, const image::Crop& crop, image::Image& out);

}  // namespace ringmaster::data
