#include <iomanip>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sharding/commands.h"
#include "sharding/size_plot.h"
#include "sharding/statistics.h"
#include "sharding/work_options.h"

namespace ringmaster::sharding {
namespace {

using Json = nlohmann::ordered_json;

struct StatsArguments {
  std::string folder, split, plots;
  std::int64_t sample = 0, workers = 0;
  bool json = false;
};

Json sides(const Counts& counts) {
  const Spread spread = spread_of(counts);
  Json bins = Json::array();
  for (const SizeBin& bin : size_bins(counts))
    bins.push_back({{"begin", bin.begin}, {"width", bin.width}, {"images", bin.images}});
  return {{"smallest", spread.smallest},
          {"mean", spread.mean},
          {"largest", spread.largest},
          {"bins", bins}};
}

Json to_json(const SplitStatistics& split) {
  Json mean = Json::array(), deviation = Json::array(), channels = Json::object();
  for (std::size_t colour = 0; colour < split.colours.size(); ++colour) {
    mean.push_back(split.mean(colour));
    deviation.push_back(split.deviation(colour));
  }
  for (const auto& [count, images] : split.channels) channels[std::to_string(count)] = images;
  return {
      {"split", split.name},      {"images", split.images},       {"bytes", split.bytes},
      {"decoded", split.decoded}, {"pixels", split.pixels},       {"mean", mean},
      {"std", deviation},         {"width", sides(split.widths)}, {"height", sides(split.heights)},
      {"channels", channels}};
}

void print_sides(std::ostream& out, const char* title, const Counts& counts) {
  const Spread spread = spread_of(counts);
  out << "  " << title << spread.smallest << " to " << spread.largest << " pixels, mean "
      << std::fixed << std::setprecision(1) << spread.mean << '\n';
}

void print(std::ostream& out, const SplitStatistics& split) {
  out << split.name << ": " << with_commas(split.images) << " images, " << with_commas(split.bytes)
      << " bytes";
  for (const auto& [channels, images] : split.channels)
    out << ", " << with_commas(images) << " of " << channels
        << (channels == 1 ? " channel" : " channels");
  out << '\n';
  print_sides(out, "width   ", split.widths);
  print_sides(out, "height  ", split.heights);
  out << std::fixed << std::setprecision(4) << "  mean    ";
  for (std::size_t c = 0; c < split.colours.size(); ++c) out << split.mean(c) << "  ";
  out << "red, green, blue, from 0 to 1\n  std     ";
  for (std::size_t c = 0; c < split.colours.size(); ++c) out << split.deviation(c) << "  ";
  out << "over " << with_commas(split.pixels) << " pixels of "
      << (split.decoded == split.images ? "all" : with_commas(split.decoded)) << " images\n";
}

int run_stats(const Surroundings& at, const StatsArguments& a) {
  StopSignals signals;
  ProgressLine progress = make_progress(at, signals, "looked at");
  const auto figures = take_statistics(at.files, a.folder,
                                       {.split = a.split,
                                        .sample = static_cast<std::uint64_t>(a.sample),
                                        .workers = worker_count(a.workers)},
                                       progress);
  progress.end();
  if (!figures) {
    at.err << "stopped before everything was looked at" << std::endl;
    return stopped_exit_code(signals);
  }
  if (!a.plots.empty()) plot_sizes(at.files, a.plots, *figures);
  Json rows = Json::array();
  for (const SplitStatistics& split : *figures) {
    if (a.json) {
      rows.push_back(to_json(split));
    } else {
      print(at.out, split);
    }
  }
  if (a.json) at.out << Json{{"splits", rows}}.dump(1) << '\n';
  return kExitDone;
}

}  // namespace

config::Command stats_command(const Surroundings& at) {
  using namespace config;  // the traits
  const auto a = std::make_shared<StatsArguments>();
  Command command{.name = "stats",
                  .summary = "mean and deviation of the colours, and sizes of the images"};
  command.keys.add("folder", &a->folder, "The data set.", {required(), positional()});
  command.keys.add("split", &a->split, "This split alone; empty: all.");
  command.keys.add("sample", &a->sample,
                   "Decode so many images of each split, evenly spaced; 0: all, which is exact. "
                   "Sizes are always those of all images.",
                   {at_least(0), unit("images")});
  command.keys.add("plots", &a->plots,
                   "Draw sizes_SPLIT.png, images by width and height, into this folder.");
  command.keys.add("workers", &a->workers, "Threads; 0: one a core.", {in_range(0, 1024)});
  command.keys.add("json", &a->json, "Print JSON.", {flag()});
  command.run = [&at, a](const Declarations&) { return run_stats(at, *a); };
  return command;
}

}  // namespace ringmaster::sharding
