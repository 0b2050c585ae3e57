#include "sharding/fix_image.h"

#include <utility>

#include "base/check.h"
#include "image/jpeg_encode.h"

namespace ringmaster::sharding {

void turn_upright(int orientation, image::Image& pixels) {
  RM_CHECK(orientation >= 1 && orientation <= 8, orientation);
  if (orientation == 1) return;
  const bool turned = orientation >= 5;  // rows and columns change places
  image::Image out{turned ? pixels.width : pixels.height, turned ? pixels.height : pixels.width,
                   pixels.channels, std::vector<std::uint8_t>(pixels.pixels.size())};
  // Where the first row of what is stored is shown, and its first column: table of tag 274.
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto channels = static_cast<std::size_t>(pixels.channels);
  auto* to = out.pixels.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int column = turned ? y : x, row = turned ? x : y;
      if (from_right) column = pixels.width - 1 - column;
      if (from_below) row = pixels.height - 1 - row;
      const auto at = (static_cast<std::size_t>(row) * static_cast<std::size_t>(pixels.width) +
                       static_cast<std::size_t>(column)) *
                      channels;
      for (std::size_t c = 0; c < channels; ++c) *to++ = pixels.pixels[at + c];
    }
  }
  pixels = std::move(out);
}

void transcode(const image::Image& pixels, std::vector<std::byte>& payload,
               shard::RecordInfo& info) {
  image::encode_jpeg(pixels, {.quality = kFixQuality, .full_chroma = true}, payload);
  info.codec = shard::Codec::kJpeg;
  info.width = static_cast<std::uint32_t>(pixels.width);
  info.height = static_cast<std::uint32_t>(pixels.height);
  info.channels = static_cast<std::uint32_t>(pixels.channels);
  info.size_bytes = payload.size();
}

}  // namespace ringmaster::sharding
