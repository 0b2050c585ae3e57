// Figures of a packed data set's images: mean and deviation of the colours, and sizes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/observer.h"

namespace ringmaster::sharding {

// Pixels of one colour; sums of the 8-bit values, so that neither the order nor the number of
// workers can change a digit. 2^47 pixels fit, a thousand times ImageNet's.
struct ChannelSums {
  std::uint64_t sum = 0, squares = 0;
};

using Counts = std::map<std::uint32_t, std::uint64_t>;  // how many images have a value

struct SplitStatistics {
  std::string name;
  // Of all images, from the shards' tables.
  std::uint64_t images = 0, bytes = 0;
  Counts widths, heights;  // pixels
  Counts channels;         // as encoded: 1 grey, 3 colour, ...
  // Of those that were decoded. As training decodes them: grey is three equal colours, and nothing
  // is turned, cropped or scaled; every pixel counts once.
  std::uint64_t decoded = 0, pixels = 0;
  std::array<ChannelSums, 3> colours;  // red, green, blue

  // Of values from 0 to 1. The deviation is that of the whole population: sqrt(E[x^2] - E[x]^2).
  [[nodiscard]] double mean(std::size_t colour) const;
  [[nodiscard]] double deviation(std::size_t colour) const;
};

struct StatisticsOptions {
  std::string split;         // empty: all of them
  std::uint64_t sample = 0;  // images a split that are decoded, evenly spaced; 0: all
  int workers = 1;
};

// Every image is read and its hash checked, at most 64 a worker held. Nothing where the observer
// asked to stop. Error{kBadData} naming shard and record for a damaged one,
// Error{kInvalidArgument} for a split that the data set doesn't have.
[[nodiscard]] std::optional<std::vector<SplitStatistics>> take_statistics(
    FileSystem& files, const std::string& folder, const StatisticsOptions& options,
    Observer& observer);

// Smallest, mean and largest of what `counts` counts. REQUIRES: it is not empty.
struct Spread {
  std::uint32_t smallest = 0, largest = 0;
  double mean = 0;
};
[[nodiscard]] Spread spread_of(const Counts& counts);

}  // namespace ringmaster::sharding
