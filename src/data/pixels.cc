#include "data/pixels.h"

#include <cstring>

#include "base/check.h"

namespace ringmaster::data {
namespace {

void copy_row(const std::byte* from, int channels, int width, std::uint8_t* to) {
  if (channels == 3) {
    std::memcpy(to, from, static_cast<std::size_t>(width) * 3);
    return;
  }
  for (int x = 0; x < width; ++x, to += 3)
    to[0] = to[1] = to[2] = static_cast<std::uint8_t>(from[x]);
}

void decode_raw(const shard::Record& record, const image::Crop& crop, image::Image& out) {
  const shard::RecordInfo& info = record.info;
  RM_REQUIRE(info.channels == 1 || info.channels == 3, ErrorKind::kBadData,
             "raw pixels must have 1 or 3 channels, not ", info.channels);
  const std::size_t row_bytes = std::size_t{info.width} * info.channels;
  RM_REQUIRE(record.payload.size() == row_bytes * info.height, ErrorKind::kBadData,
             record.payload.size(), " bytes of raw pixels do not make ", info.width, " x ",
             info.height, " x ", info.channels);
  out.height = crop.height;
  out.width = crop.width;
  out.channels = 3;
  const auto out_row_bytes = static_cast<std::size_t>(crop.width) * 3;
  out.pixels.resize(static_cast<std::size_t>(crop.height) * out_row_bytes);
  const std::byte* from = record.payload.data() + static_cast<std::size_t>(crop.top) * row_bytes +
                          static_cast<std::size_t>(crop.left) * info.channels;
  std::uint8_t* to = out.pixels.data();
  for (int y = 0; y < crop.height; ++y, from += row_bytes, to += out_row_bytes)
    copy_row(from, static_cast<int>(info.channels), crop.width, to);
}

}  // namespace

void decode_record(const shard::Record& record, const image::Crop& crop, image::Image& out) {
  if (record.info.codec != shard::Codec::kRaw8) {
    image::decode_rgb(record.payload, crop, out);
    return;
  }
  const image::Crop whole{0, 0, static_cast<int>(record.info.height),
                          static_cast<int>(record.info.width)};
  decode_raw(record, crop.height == 0 ? whole : crop, out);
}

}  // namespace ringmaster::data
