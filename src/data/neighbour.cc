#include "data/neighbour.h"

namespace ringmaster::data {

std::optional<std::int64_t> neighbour(const shard::Dataset& dataset, std::int64_t sample,
                                      std::int64_t attempt) {
  std::int64_t begin = 0;
  for (const std::int64_t size : dataset.shard_sizes()) {
    if (sample < begin + size) {
      if (attempt >= size) return std::nullopt;
      return begin + (sample - begin + attempt) % size;
    }
    begin += size;
  }
  return std::nullopt;
}

}  // namespace ringmaster::data
