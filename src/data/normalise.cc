#include "data/normalise.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace ringmaster::data {
namespace {

// A multiple of the three channels and of every vector length up to 16 floats.
constexpr int kPattern = 48;

// pixel * scale + bias, for kPattern values side by side.
struct Pattern {
  alignas(64) std::array<float, kPattern> scale;
  alignas(64) std::array<float, kPattern> bias;
};

Pattern pattern_of(const Normalisation& n) {
  Pattern pattern;
  for (std::size_t i = 0; i < kPattern; ++i) {
    const std::size_t c = i % 3;
    pattern.scale[i] = 1.0f / (255.0f * n.deviation[c]);
    pattern.bias[i] = -n.mean[c] / n.deviation[c];
  }
  return pattern;
}

void normalise_row(const std::uint8_t* from, std::size_t count, const Pattern& pattern, float* to) {
  std::size_t i = 0;
  for (; i + kPattern <= count; i += kPattern) {
    for (std::size_t j = 0; j < kPattern; ++j)
      to[i + j] = static_cast<float>(from[i + j]) * pattern.scale[j] + pattern.bias[j];
  }
  for (std::size_t j = 0; i + j < count; ++j)
    to[i + j] = static_cast<float>(from[i + j]) * pattern.scale[j] + pattern.bias[j];
}

void mirror_row(const std::uint8_t* from, int side, std::uint8_t* to) {
  const std::uint8_t* last = from + 3 * (side - 1);
  for (int x = 0; x < side; ++x, last -= 3, to += 3) {
    to[0] = last[0];
    to[1] = last[1];
    to[2] = last[2];
  }
}

void erase(const image::Crop& box, std::size_t row_values, float* square) {
  float* row = square + static_cast<std::size_t>(box.top) * row_values +
               static_cast<std::size_t>(box.left) * 3;
  for (int y = 0; y < box.height; ++y, row += row_values) std::fill_n(row, 3 * box.width, 0.0f);
}

}  // namespace

void write_float(const PixelView& view, const Normalisation& normalisation, float* out) {
  const Pattern pattern = pattern_of(normalisation);
  const auto row_values = static_cast<std::size_t>(view.side) * 3;
  std::vector<std::uint8_t> mirrored(view.mirrored ? row_values : 0);
  float* to = out;
  for (int y = 0; y < view.side; ++y, to += row_values) {
    const std::uint8_t* row = view.pixels + static_cast<std::size_t>(y) * view.row_bytes;
    if (view.mirrored) {
      mirror_row(row, view.side, mirrored.data());
      row = mirrored.data();
    }
    normalise_row(row, row_values, pattern, to);
  }
  erase(view.erased, row_values, out);
}

void write_bytes(const PixelView& view, std::uint8_t* out) {
  const auto row_bytes = static_cast<std::size_t>(view.side) * 3;
  for (int y = 0; y < view.side; ++y, out += row_bytes) {
    const std::uint8_t* row = view.pixels + static_cast<std::size_t>(y) * view.row_bytes;
    if (view.mirrored) {
      mirror_row(row, view.side, out);
    } else {
      std::memcpy(out, row, row_bytes);
    }
  }
}

}  // namespace ringmaster::data
