// --bad fix: from a file that is no plain image to a baseline RGB JPEG.
#pragma once

#include <cstddef>
#include <vector>

#include "image/image.h"
#include "shard/dataset.h"

namespace ringmaster::sharding {

// Quality of a transcoded image, with 4:4:4 chroma: its differences are below those that the
// original's own compression made.
inline constexpr int kFixQuality = 96;

// Turns `pixels` upright by EXIF's `orientation` (TIFF 6.0, tag 274).
void turn_upright(int orientation, image::Image& pixels);

// Encodes `pixels` into `payload` and sets codec, sizes and channels of `info`. The bytes depend on
// the pixels and libjpeg-turbo's version alone.
void transcode(const image::Image& pixels, std::vector<std::byte>& payload,
               shard::RecordInfo& info);

}  // namespace ringmaster::sharding
