#include "image/tone_ops.h"

#include <algorithm>
#include <array>
#include <vector>

#include "image/grey.h"

namespace ringmaster::image {
namespace {

using Table = std::array<std::uint8_t, 256>;

void look_up(const std::array<Table, 3>& tables, Image& image) {
  std::uint8_t* pixel = image.pixels.data();
  const std::uint8_t* const end = pixel + image.pixels.size();
  for (; pixel != end; pixel += 3) {
    pixel[0] = tables[0][pixel[0]];
    pixel[1] = tables[1][pixel[1]];
    pixel[2] = tables[2][pixel[2]];
  }
}

// One table from a function of the level, for all channels.
template <typename Function>
void look_up_all(const Function& function, Image& image) {
  Table table;
  for (std::size_t level = 0; level < table.size(); ++level)
    table[level] = function(static_cast<int>(level));
  look_up({table, table, table}, image);
}

Table identity() {
  Table table;
  for (std::size_t level = 0; level < table.size(); ++level)
    table[level] = static_cast<std::uint8_t>(level);
  return table;
}

struct Bounds {
  std::array<int, 3> low, high;
};

// First down the columns, side by side; then over what is left, a row.
Bounds bounds_of(const Image& image) {
  const auto row_values = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::uint8_t> low(row_values, 255), high(row_values, 0);
  const std::uint8_t* row = image.pixels.data();
  for (int y = 0; y < image.height; ++y, row += row_values) {
    for (std::size_t i = 0; i < row_values; ++i) low[i] = std::min(low[i], row[i]);
    for (std::size_t i = 0; i < row_values; ++i) high[i] = std::max(high[i], row[i]);
  }
  Bounds bounds{{255, 255, 255}, {0, 0, 0}};
  for (std::size_t i = 0; i < row_values; ++i) {
    bounds.low[i % 3] = std::min<int>(bounds.low[i % 3], low[i]);
    bounds.high[i % 3] = std::max<int>(bounds.high[i % 3], high[i]);
  }
  return bounds;
}

using Histogram = std::array<std::uint32_t, 256>;

// Neighbours often are of one level: counted in turn in two places, they don't wait for each other.
std::array<Histogram, 3> histograms_of(const Image& image) {
  std::array<Histogram, 6> counts{};
  const std::uint8_t* pixel = image.pixels.data();
  const std::size_t pixels = image.pixels.size() / 3;
  for (std::size_t i = 0; i + 2 <= pixels; i += 2, pixel += 6)
    for (std::size_t j = 0; j < 6; ++j) ++counts[j][pixel[j]];
  if (pixels % 2 == 1)
    for (std::size_t j = 0; j < 3; ++j) ++counts[j][pixel[j]];
  std::array<Histogram, 3> sums{};
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t level = 0; level < 256; ++level)
      sums[c][level] = counts[c][level] + counts[c + 3][level];
  return sums;
}

// ImageOps.equalize's table.
Table flattening(const Histogram& histogram) {
  std::uint32_t all = 0, last = 0;
  for (const std::uint32_t count : histogram) {
    all += count;
    if (count != 0) last = count;
  }
  const std::uint32_t step = (all - last) / 255;
  if (step == 0) return identity();
  Table table;
  std::uint32_t below = step / 2;
  for (std::size_t level = 0; level < table.size(); ++level) {
    table[level] = static_cast<std::uint8_t>(std::min<std::uint32_t>(below / step, 255));
    below += histogram[level];
  }
  return table;
}

// Image.blend of a level and another image's, in its single precision; cut off, not rounded.
std::uint8_t blend(int other, int level, float factor) {
  const float value = static_cast<float>(other) + factor * static_cast<float>(level - other);
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

}  // namespace

void invert(Image& image) {
  for (std::uint8_t& level : image.pixels) level = static_cast<std::uint8_t>(255 - level);
}

void solarize(double threshold, Image& image) {
  // Levels are whole: the first that is not below.
  int first = 0;
  while (first < 256 && first < threshold) ++first;
  if (first == 256) return;
  const auto from = static_cast<std::uint8_t>(first);
  for (std::uint8_t& level : image.pixels)
    level = level < from ? level : static_cast<std::uint8_t>(255 - level);
}

void posterize(int bits, Image& image) {
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits));
  for (std::uint8_t& level : image.pixels) level &= mask;
}

void auto_contrast(Image& image) {
  const Bounds bounds = bounds_of(image);
  std::array<Table, 3> tables;
  for (std::size_t c = 0; c < 3; ++c) {
    tables[c] = identity();
    if (bounds.high[c] <= bounds.low[c]) continue;
    const double scale = 255.0 / (bounds.high[c] - bounds.low[c]);
    const double offset = -bounds.low[c] * scale;
    for (std::size_t level = 0; level < 256; ++level) {
      const double value = std::clamp(static_cast<double>(level) * scale + offset, 0.0, 255.0);
      tables[c][level] = static_cast<std::uint8_t>(value);
    }
  }
  look_up(tables, image);
}

void equalize(Image& image) {
  const auto histograms = histograms_of(image);
  look_up({flattening(histograms[0]), flattening(histograms[1]), flattening(histograms[2])}, image);
}

void adjust_brightness(double factor, Image& image) {
  const auto alpha = static_cast<float>(factor);
  look_up_all([alpha](int level) { return blend(0, level, alpha); }, image);
}

void adjust_contrast(double factor, Image& image) {
  std::uint64_t sum = 0;
  const std::size_t pixels = image.pixels.size() / 3;
  const std::uint8_t* pixel = image.pixels.data();
  for (std::size_t i = 0; i < pixels; ++i, pixel += 3) sum += grey_of(pixel);
  const int mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
  const auto alpha = static_cast<float>(factor);
  look_up_all([alpha, mean](int level) { return blend(mean, level, alpha); }, image);
}

}  // namespace ringmaster::image
