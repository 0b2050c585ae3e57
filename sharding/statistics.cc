#include "sharding/statistics.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/check.h"
#include "image/image.h"
#include "shard/dataset.h"
#include "shard/manifest.h"
#include "sharding/ordered_work.h"

namespace ringmaster::sharding {
namespace {

constexpr std::int64_t kUnitImages = 64;
constexpr double kLargestValue = 255;

// What a worker brings back of its images.
struct Sums {
  std::uint64_t images = 0, bytes = 0, pixels = 0;
  std::array<ChannelSums, 3> colours;
};

void add_pixels(std::span<const std::uint8_t> pixels, std::size_t channels, Sums& to) {
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint64_t sum = 0, squares = 0;
    for (std::size_t i = c; i < pixels.size(); i += channels) {
      const std::uint64_t value = pixels[i];
      sum += value;
      squares += value * value;
    }
    for (std::size_t colour = c; colour < to.colours.size(); colour += channels) {
      to.colours[colour].sum += sum;
      to.colours[colour].squares += squares;
    }
  }
  to.pixels += pixels.size() / channels;
}

void add_record(const shard::Record& record, const std::string& where, image::Image& scratch,
                Sums& to) {
  if (record.info.codec == shard::Codec::kRaw8) {
    RM_REQUIRE(record.info.channels == 1 || record.info.channels == 3, ErrorKind::kNotSupported,
               where, ": raw pixels of ", record.info.channels, " channels have no colours");
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(record.payload.data());
    add_pixels({begin, record.payload.size()}, record.info.channels, to);
    return;
  }
  try {
    image::decode_rgb(record.payload, {}, scratch);
  } catch (const Error& error) {
    throw Error(error.kind(), join_text(where, ": ", error.what()));
  }
  add_pixels(scratch.pixels, 3, to);
}

class SplitWork {
 public:
  SplitWork(const shard::Dataset& images, std::string name, std::uint64_t sample)
      : images_(images) {
    figures_.name = std::move(name);
    figures_.images = static_cast<std::uint64_t>(images_.size());
    decoded_ = sample == 0 ? figures_.images : std::min(sample, figures_.images);
    for (std::int64_t i = 0; i < images_.size(); ++i) {
      const shard::RecordInfo info = images_.info(i);
      figures_.bytes += info.size_bytes;
      ++figures_.widths[info.width];
      ++figures_.heights[info.height];
      ++figures_.channels[info.channels];
    }
  }

  [[nodiscard]] std::uint64_t decoded() const { return decoded_; }

  std::optional<SplitStatistics> run(int workers, Observer& observer) {
    const auto count = static_cast<std::int64_t>(decoded_);
    const auto units = static_cast<std::size_t>((count + kUnitImages - 1) / kUnitImages);
    OrderedWork<Sums> work(units, {.workers = workers},
                           {.cost_bytes = [](std::size_t) { return std::uint64_t{0}; },
                            .make =
                                [this, count](std::size_t u) {
                                  const auto begin = static_cast<std::int64_t>(u) * kUnitImages;
                                  return add_up(begin, std::min(count, begin + kUnitImages));
                                },
                            .consume =
                                [this, &observer](std::size_t, const Sums& sums) {
                                  take(sums);
                                  observer.advance(sums.images, sums.bytes);
                                  return !observer.stop_requested();
                                }});
    if (!work.run()) return std::nullopt;
    return figures_;
  }

 private:
  // A shard is a random sample of its split (SHARD_FORMAT.md), so evenly spaced images are one too.
  [[nodiscard]] std::int64_t sample_of(std::int64_t number) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(number) * figures_.images /
                                     decoded_);
  }

  [[nodiscard]] Sums add_up(std::int64_t begin, std::int64_t end) const {
    Sums sums;
    shard::Record record;
    image::Image scratch;
    for (std::int64_t number = begin; number < end; ++number) {
      const std::int64_t sample = sample_of(number);
      images_.read(sample, record);
      add_record(record, images_.locate(sample), scratch, sums);
      ++sums.images;
      sums.bytes += record.info.size_bytes;
    }
    return sums;
  }

  void take(const Sums& sums) {
    figures_.decoded += sums.images;
    figures_.pixels += sums.pixels;
    for (std::size_t c = 0; c < sums.colours.size(); ++c) {
      figures_.colours[c].sum += sums.colours[c].sum;
      figures_.colours[c].squares += sums.colours[c].squares;
    }
  }

  const shard::Dataset& images_;
  SplitStatistics figures_;
  std::uint64_t decoded_ = 0;
};

std::vector<std::string> wanted_splits(FileSystem& files, const std::string& folder,
                                       const std::string& only) {
  const shard::Manifest manifest = shard::read_manifest(files, folder);
  if (!only.empty()) return {manifest.split(only).name};
  std::vector<std::string> names;
  for (const shard::SplitEntry& split : manifest.splits) names.push_back(split.name);
  return names;
}

}  // namespace

double SplitStatistics::mean(std::size_t colour) const {
  return static_cast<double>(colours.at(colour).sum) / static_cast<double>(pixels) / kLargestValue;
}

double SplitStatistics::deviation(std::size_t colour) const {
  // long double: the two terms are close to each other for images of little contrast.
  const auto n = static_cast<long double>(pixels);
  const long double average = static_cast<long double>(colours.at(colour).sum) / n;
  const long double variance =
      static_cast<long double>(colours.at(colour).squares) / n - average * average;
  return std::sqrt(std::max(0.0, static_cast<double>(variance))) / kLargestValue;
}

std::optional<std::vector<SplitStatistics>> take_statistics(FileSystem& files,
                                                            const std::string& folder,
                                                            const StatisticsOptions& options,
                                                            Observer& observer) {
  std::vector<std::unique_ptr<shard::Dataset>> splits;
  std::vector<SplitWork> works;
  std::uint64_t images = 0;
  for (const std::string& name : wanted_splits(files, folder, options.split)) {
    splits.push_back(shard::open_dataset(files, folder, name));
    images += works.emplace_back(*splits.back(), name, options.sample).decoded();
  }
  observer.begin(images, 0);
  std::vector<SplitStatistics> figures;
  for (SplitWork& work : works) {
    auto split = work.run(options.workers, observer);
    if (!split) return std::nullopt;
    figures.push_back(std::move(*split));
  }
  return figures;
}

Spread spread_of(const Counts& counts) {
  RM_CHECK(!counts.empty());
  double sum = 0, images = 0;
  for (const auto& [value, count] : counts) {
    sum += static_cast<double>(value) * static_cast<double>(count);
    images += static_cast<double>(count);
  }
  return {counts.begin()->first, counts.rbegin()->first, sum / images};
}

}  // namespace ringmaster::sharding
