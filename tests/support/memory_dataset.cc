#include "tests/support/memory_dataset.h"

#include <cstring>

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::testing {

std::int64_t MemoryDataset::add(const shard::RecordInfo& info, std::vector<std::byte> payload) {
  shard::Record record{info, std::move(payload)};
  record.info.size_bytes = record.payload.size();
  record.info.hash = xxh3_64(std::span<const std::byte>(record.payload));
  while (classes_.size() <= info.label) classes_.push_back(join_text("class ", classes_.size()));
  records_.push_back(std::move(record));
  return size() - 1;
}

std::int64_t MemoryDataset::add_raw(int height, int width, int channels, std::uint32_t label,
                                    const std::vector<std::uint8_t>& pixels) {
  shard::RecordInfo info;
  info.codec = shard::Codec::kRaw8;
  info.label = label;
  info.height = static_cast<std::uint32_t>(height);
  info.width = static_cast<std::uint32_t>(width);
  info.channels = static_cast<std::uint32_t>(channels);
  const auto bytes = std::as_bytes(std::span(pixels));
  return add(info, {bytes.begin(), bytes.end()});
}

std::int64_t MemoryDataset::add_jpeg(int height, int width, std::uint32_t label,
                                     std::vector<std::byte> encoded) {
  shard::RecordInfo info;
  info.codec = shard::Codec::kJpeg;
  info.label = label;
  info.height = static_cast<std::uint32_t>(height);
  info.width = static_cast<std::uint32_t>(width);
  info.channels = 3;
  return add(info, std::move(encoded));
}

std::vector<std::byte>& MemoryDataset::payload(std::int64_t sample) {
  return records_.at(static_cast<std::size_t>(sample)).payload;
}

shard::RecordInfo MemoryDataset::info(std::int64_t sample) const {
  return records_.at(static_cast<std::size_t>(sample)).info;
}

void MemoryDataset::read(std::int64_t sample, shard::Record& out) const {
  out = records_.at(static_cast<std::size_t>(sample));
}

std::string MemoryDataset::locate(std::int64_t sample) const {
  return join_text("memory record ", sample);
}

}  // namespace ringmaster::testing
