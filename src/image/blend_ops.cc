#include "image/blend_ops.h"

#include <algorithm>
#include <vector>

#include "image/grey.h"

namespace ringmaster::image {
namespace {

// In place: vectors take no second array that may be the same.
void blend_row(const std::uint8_t* degenerate, std::size_t count, float factor, std::uint8_t* row) {
  for (std::size_t i = 0; i < count; ++i) {
    const float value =
        static_cast<float>(degenerate[i]) + factor * static_cast<float>(row[i] - degenerate[i]);
    // Through int: vectors have no conversion from float to bytes.
    row[i] = static_cast<std::uint8_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f)));
  }
}

void grey_row(const std::uint8_t* pixel, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; i += 3) {
    const std::uint8_t grey = grey_of(pixel + i);
    out[i] = out[i + 1] = out[i + 2] = grey;
  }
}

// Kernel 1 1 1 / 1 5 1 / 1 1 1 over 13, rounded: Pillow's floats never come near a tie, which
// thirteenths don't have. The first and last pixel stay.
void smooth_row(const std::uint8_t* above, const std::uint8_t* row, const std::uint8_t* below,
                std::size_t count, std::uint8_t* out) {
  const auto column = [&](std::size_t i) { return above[i] + row[i] + below[i]; };
  std::copy(row, row + 3, out);
  for (std::size_t i = 3; i + 3 < count; ++i) {
    const int sum = column(i - 3) + column(i) + column(i + 3) + 4 * row[i];
    out[i] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(sum + 6) / 13);
  }
  std::copy(row + count - 3, row + count, out + count - 3);
}

}  // namespace

void adjust_color(double factor, Image& image) {
  const auto row_values = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::uint8_t> grey(row_values);
  std::uint8_t* row = image.pixels.data();
  for (int y = 0; y < image.height; ++y, row += row_values) {
    grey_row(row, row_values, grey.data());
    blend_row(grey.data(), row_values, static_cast<float>(factor), row);
  }
}

void adjust_sharpness(double factor, const Image& image, Image& out) {
  out.height = image.height;
  out.width = image.width;
  out.channels = 3;
  if (image.height < 3 || image.width < 3) {  // no pixel has all its neighbours
    out.pixels = image.pixels;
    return;
  }
  out.pixels = image.pixels;
  const auto row_values = static_cast<std::size_t>(image.width) * 3;
  std::vector<std::uint8_t> smooth(row_values);
  const std::uint8_t* row = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  for (int y = 1; y + 1 < image.height; ++y) {
    row += row_values;
    to += row_values;
    smooth_row(row - row_values, row, row + row_values, row_values, smooth.data());
    blend_row(smooth.data(), row_values, static_cast<float>(factor), to);
  }
}

}  // namespace ringmaster::image
