#include "sharding/image_check.h"

#include "base/check.h"

namespace ringmaster::sharding {

shard::RecordInfo check_image(std::span<const std::byte> encoded, CheckDepth depth,
                              image::Image& scratch) {
  RM_REQUIRE(!encoded.empty(), ErrorKind::kBadData, "it has 0 bytes");
  const image::Header header = image::read_header(encoded);
  if (depth == CheckDepth::kDecode) image::decode_rgb(encoded, {}, scratch);
  return {.codec = header.format == image::Format::kJpeg ? shard::Codec::kJpeg : shard::Codec::kPng,
          .width = static_cast<std::uint32_t>(header.width),
          .height = static_cast<std::uint32_t>(header.height),
          .channels = static_cast<std::uint32_t>(header.channels),
          .size_bytes = encoded.size()};
}

void check_record(const shard::Record& record, image::Image& scratch) {
  if (record.info.codec == shard::Codec::kRaw8) return;
  const shard::RecordInfo seen = check_image(record.payload, CheckDepth::kDecode, scratch);
  const shard::RecordInfo& said = record.info;
  RM_REQUIRE(seen.codec == said.codec, ErrorKind::kBadData, "its codec is ",
             static_cast<int>(seen.codec), ", the table says ", static_cast<int>(said.codec));
  RM_REQUIRE(
      seen.width == said.width && seen.height == said.height && seen.channels == said.channels,
      ErrorKind::kBadData, "it has ", seen.width, " x ", seen.height, " x ", seen.channels,
      ", the table says ", said.width, " x ", said.height, " x ", said.channels);
}

}  // namespace ringmaster::sharding
