#include "sharding/reshape.h"

#include <algorithm>

#include "base/check.h"
#include "image/jpeg_encode.h"
#include "image/jpeg_rows.h"
#include "image/shrink.h"

namespace ringmaster::sharding {
namespace {

// The longer side, rounded to the nearest.
int scaled(std::uint32_t longer, std::uint32_t shorter, int to) {
  const std::uint64_t product = std::uint64_t{longer} * static_cast<std::uint64_t>(to);
  return static_cast<int>((product + shorter / 2) / shorter);
}

void resize(const ReshapeOptions& options, bool decoded, image::Image& scratch,
            shard::Record& record) {
  shard::RecordInfo& info = record.info;
  const std::uint32_t shorter = std::min(info.width, info.height);
  if (!decoded) image::decode_rgb(record.payload, {}, scratch);
  const int side = options.shorter_side;
  const int height = info.height == shorter ? side : scaled(info.height, shorter, side);
  const int width = info.width == shorter ? side : scaled(info.width, shorter, side);
  image::Image smaller;
  image::shrink(scratch, height, width, smaller);
  image::encode_jpeg(smaller, {.quality = options.quality}, record.payload);
  info.codec = shard::Codec::kJpeg;
  info.width = static_cast<std::uint32_t>(width);
  info.height = static_cast<std::uint32_t>(height);
  info.channels = static_cast<std::uint32_t>(smaller.channels);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ReshapeOptions::recorded() const {
  std::vector<std::pair<std::string, std::string>> recorded;
  if (shorter_side > 0) {
    recorded.emplace_back("shorter_side", std::to_string(shorter_side));
    recorded.emplace_back("quality", std::to_string(quality));
  }
  if (optimise) recorded.emplace_back("optimise", "true");
  return recorded;
}

void reshape(const ReshapeOptions& options, bool decoded, image::Image& scratch,
             shard::Record& record) {
  const auto limit = static_cast<std::uint32_t>(options.shorter_side);
  if (limit > 0 && std::min(record.info.width, record.info.height) > limit)
    resize(options, decoded, scratch, record);
  if (options.optimise && record.info.codec == shard::Codec::kJpeg) {
    std::vector<std::byte> rewritten;
    if (image::optimise_jpeg(record.payload, rewritten)) record.payload = std::move(rewritten);
  }
  record.info.size_bytes = record.payload.size();
}

}  // namespace ringmaster::sharding
