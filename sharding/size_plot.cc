#include "sharding/size_plot.h"

#include "base/check.h"
#include "obs/drawing.h"

namespace ringmaster::sharding {
namespace {

constexpr const char* kBlue = "histeps linewidth 2 linecolor rgb '#1f77b4'";
constexpr const char* kRed = "histeps linewidth 2 linecolor rgb '#d62728'";

std::uint32_t bin_width(std::uint32_t smallest, std::uint32_t largest) {
  constexpr std::uint64_t kMostBins = 100;
  for (std::uint64_t decade = 1;; decade *= 10) {
    for (const std::uint64_t step : {1, 2, 5}) {
      const std::uint64_t width = step * decade;
      if (largest / width - smallest / width < kMostBins) return static_cast<std::uint32_t>(width);
    }
  }
}

// With an empty bin at either end, so that every bar has its edges.
obs::Curve histogram(const char* title, const char* style, const Counts& counts) {
  const std::vector<SizeBin> bins = size_bins(counts);
  const double width = bins.front().width, half = width / 2;
  obs::Curve curve{title, style, {}};
  curve.points.push_back({bins.front().begin - half, 0});
  for (const SizeBin& bin : bins)
    curve.points.push_back({bin.begin + half, static_cast<double>(bin.images)});
  curve.points.push_back({bins.back().begin + width + half, 0});
  return curve;
}

}  // namespace

std::vector<SizeBin> size_bins(const Counts& counts) {
  RM_CHECK(!counts.empty());
  const std::uint32_t smallest = counts.begin()->first, largest = counts.rbegin()->first;
  const std::uint32_t width = bin_width(smallest, largest);
  std::vector<SizeBin> bins;
  for (std::uint32_t i = smallest / width; i <= largest / width; ++i)
    bins.push_back({i * width, width, 0});
  for (const auto& [value, count] : counts) bins[value / width - smallest / width].images += count;
  return bins;
}

void plot_sizes(FileSystem& files, const std::string& folder,
                const std::vector<SplitStatistics>& splits) {
  std::vector<obs::Drawing> drawings;
  for (const SplitStatistics& split : splits) {
    drawings.push_back(
        {"sizes_" + split.name,
         join_text("Sizes of ", split.images, " images, ", split.name),
         "images",
         {histogram("width", kBlue, split.widths), histogram("height", kRed, split.heights)}});
  }
  files.make_dirs(folder);
  const std::string script =
      obs::gnuplot_script("set xlabel 'pixels'\nset yrange [0:*]\n", std::move(drawings));
  obs::draw_now(files, folder, "sizes", script);
}

}  // namespace ringmaster::sharding
