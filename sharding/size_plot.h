// The histogram of image sizes, as gnuplot draws it.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/statistics.h"

namespace ringmaster::sharding {

// One bar of a histogram: images with a side of begin .. begin + width - 1 pixels.
struct SizeBin {
  std::uint32_t begin = 0, width = 1;
  std::uint64_t images = 0;
};

// Bins of one width that begin at its multiples, from the smallest side to the largest: the finest
// width out of 1, 2, 5, 10, 20, ... that gives at most 100 of them. REQUIRES: `counts` is not
// empty.
[[nodiscard]] std::vector<SizeBin> size_bins(const Counts& counts);

// Draws sizes_SPLIT.png for every split into `folder`, which is made: images by width and by
// height. Leaves sizes.gnuplot and gnuplot.log beside it. Error{kIo} where gnuplot is missing or
// fails.
void plot_sizes(FileSystem& files, const std::string& folder,
                const std::vector<SplitStatistics>& splits);

}  // namespace ringmaster::sharding
