// The median of measurements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/check.h"

namespace ringmaster {

// Of an even number, the mean of the middle two. REQUIRES: `values` is not empty and holds no NaN.
template <typename T>
[[nodiscard]] T median(std::vector<T> values) {
  RM_CHECK(!values.empty(), "the median of nothing");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace ringmaster
