#include "image/affine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace ringmaster::image {
namespace {

constexpr int kFraction = 16;  // bits
constexpr std::int64_t kOne = std::int64_t{1} << kFraction;

std::int64_t fixed(double value) {
  return static_cast<std::int64_t>(std::floor(value * static_cast<double>(kOne) + 0.5));
}

// As Python's round(value, 15): takes cos(90 degrees) to 0.
double without_noise(double value) {
  return std::round(value * 1e15) * 1e-15;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {  // REQUIRES: b > 0
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// A coordinate along a row of the result: start + x * step.
struct Walk {
  std::int64_t start, step;
  [[nodiscard]] std::int64_t at(std::int64_t x) const { return (start + x * step) >> kFraction; }
};

// The x at which a walk is within [0, size).
struct Range {
  std::int64_t begin, end;
};

Range inside(const Walk& walk, int size) {
  const std::int64_t limit = std::int64_t{size} << kFraction;
  if (walk.step == 0) return walk.start >= 0 && walk.start < limit ? Range{0, INT32_MAX} : Range{};
  if (walk.step > 0) {
    return {-floor_div(walk.start, walk.step), -floor_div(walk.start - limit, walk.step)};
  }
  return {floor_div(walk.start - limit, -walk.step) + 1, floor_div(walk.start, -walk.step) + 1};
}

// Pixels [begin, end) of a row of the result.
void gather(const Image& source, const Walk& x_walk, const Walk& y_walk, Range range,
            std::uint8_t* to) {
  const std::int64_t row_bytes = std::int64_t{source.width} * 3;
  const std::uint8_t* from = source.pixels.data();
  if (x_walk.step == kOne && y_walk.step == 0) {  // a run of neighbours
    const std::uint8_t* first =
        from + y_walk.at(range.begin) * row_bytes + x_walk.at(range.begin) * 3;
    std::memcpy(to + range.begin * 3, first, static_cast<std::size_t>(range.end - range.begin) * 3);
    return;
  }
  std::int64_t xx = x_walk.start + range.begin * x_walk.step;
  std::int64_t yy = y_walk.start + range.begin * y_walk.step;
  to += range.begin * 3;
  for (std::int64_t x = range.begin; x < range.end; ++x, to += 3) {
    const std::uint8_t* pixel = from + (yy >> kFraction) * row_bytes + (xx >> kFraction) * 3;
    to[0] = pixel[0];
    to[1] = pixel[1];
    to[2] = pixel[2];
    xx += x_walk.step;
    yy += y_walk.step;
  }
}

}  // namespace

AffineMap shear_x(double tangent) {
  return {1, std::tan(std::atan(tangent)), 0, 0, 1, 0};
}

AffineMap shear_y(double tangent) {
  return {1, 0, 0, std::tan(std::atan(tangent)), 1, 0};
}

AffineMap rotation(double degrees, int height, int width) {
  const double angle = -degrees * std::numbers::pi / 180;
  const double cosine = without_noise(std::cos(angle)), sine = without_noise(std::sin(angle));
  const double x = width / 2.0, y = height / 2.0;
  // Added up in Pillow's order: a last bit can move a pixel.
  return {cosine, sine,   (cosine * -x + sine * -y) + x,
          -sine,  cosine, (-sine * -x + cosine * -y) + y};
}

void affine_nearest(const Image& source, const AffineMap& map, Image& out) {
  out.height = source.height;
  out.width = source.width;
  out.channels = 3;
  out.pixels.resize(source.pixels.size());
  const std::int64_t width = source.width;
  // Middles of pixels are mapped.
  Walk x_walk{fixed(map.c + map.a * 0.5 + map.b * 0.5), fixed(map.a)};
  Walk y_walk{fixed(map.f + map.d * 0.5 + map.e * 0.5), fixed(map.d)};
  const std::int64_t x_down = fixed(map.b), y_down = fixed(map.e);
  std::uint8_t* to = out.pixels.data();
  for (int y = 0; y < source.height; ++y, to += width * 3) {
    const Range in_x = inside(x_walk, source.width), in_y = inside(y_walk, source.height);
    Range range{std::clamp(std::max(in_x.begin, in_y.begin), std::int64_t{0}, width),
                std::clamp(std::min(in_x.end, in_y.end), std::int64_t{0}, width)};
    if (range.end <= range.begin) range = {0, 0};
    std::memset(to, 0, static_cast<std::size_t>(range.begin) * 3);
    if (range.begin < range.end) gather(source, x_walk, y_walk, range, to);
    std::memset(to + range.end * 3, 0, static_cast<std::size_t>(width - range.end) * 3);
    x_walk.start += x_down;
    y_walk.start += y_down;
  }
}

}  // namespace ringmaster::image
