// A shard::Dataset that lives in memory.
#pragma once

#include <string>
#include <vector>

#include "shard/dataset.h"

namespace ringmaster::testing {

// Filled by one thread, then read by any number.
class MemoryDataset final : public shard::Dataset {
 public:
  // Appends a sample and returns its number.
  std::int64_t add(const shard::RecordInfo& info, std::vector<std::byte> payload);
  // height * width * channels bytes.
  std::int64_t add_raw(int height, int width, int channels, std::uint32_t label,
                       const std::vector<std::uint8_t>& pixels);
  std::int64_t add_jpeg(int height, int width, std::uint32_t label, std::vector<std::byte> encoded);
  [[nodiscard]] std::vector<std::byte>& payload(std::int64_t sample);  // to damage it

  std::int64_t size() const override { return static_cast<std::int64_t>(records_.size()); }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& hash() const override { return hash_; }
  shard::RecordInfo info(std::int64_t sample) const override;
  void read(std::int64_t sample, shard::Record& out) const override;
  std::string locate(std::int64_t sample) const override;  // "memory record 17"

 private:
  std::vector<shard::Record> records_;
  std::vector<std::string> classes_;
  std::string hash_ = std::string(32, '0');
};

}  // namespace ringmaster::testing
