// Whether encoded bytes are an image that training can use.
#pragma once

#include <cstddef>
#include <span>

#include "image/image.h"
#include "shard/dataset.h"

namespace ringmaster::sharding {

enum class CheckDepth {
  kHeader,  // format and size; costs nothing
  kDecode,  // every pixel is decoded, once
};

// Codec, size and channels of `encoded`; label and hash are left alone. By content, whatever the
// file is called. `scratch` takes the decoded pixels. Error{kBadData} that says what is wrong,
// without a file name: the caller knows it.
[[nodiscard]] shard::RecordInfo check_image(std::span<const std::byte> encoded, CheckDepth depth,
                                            image::Image& scratch);

// That a record's image is what its row says: the same codec, size and channels by header, and it
// decodes. Raw pixels are always right, since the reader has compared their size.
void check_record(const shard::Record& record, image::Image& scratch);

}  // namespace ringmaster::sharding
