// Which sample stands in for one that can't be used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shard/dataset.h"

namespace ringmaster::data {

// The `attempt`-th sample (from 1) behind `sample` in its shard, beginning again at the shard's
// front; none once that would be `sample` itself. In the same shard, because with order = sharded a
// rank's node may have no other: so it depends on the data set alone.
[[nodiscard]] std::optional<std::int64_t> neighbour(const shard::Dataset& dataset,
                                                    std::int64_t sample, std::int64_t attempt);

// A record that was damaged and what was trained on in its place.
struct Replacement {
  std::size_t at = 0;  // in the batch
  std::int64_t sample = 0, by = 0;
  std::string reason;  // names the shard and the record
};

}  // namespace ringmaster::data
