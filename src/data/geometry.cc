#include "data/geometry.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::data {
namespace {

constexpr double kMinRatio = 3.0 / 4, kMaxRatio = 4.0 / 3;
constexpr int kTries = 10;

// Python's round(): halves go to the even neighbour.
int rounded(double x) {
  return static_cast<int>(std::nearbyint(x));
}

image::Crop centred(Size size, Size crop) {
  return {(size.height - crop.height) / 2, (size.width - crop.width) / 2, crop.height, crop.width};
}

image::Crop largest_centred(Size size) {
  const double ratio = static_cast<double>(size.width) / size.height;
  if (ratio < kMinRatio) return centred(size, {rounded(size.width / kMinRatio), size.width});
  if (ratio > kMaxRatio) return centred(size, {size.height, rounded(size.height * kMaxRatio)});
  return centred(size, size);
}

}  // namespace

image::Crop random_resized_crop(Size size, double min_scale, RandomStream& random) {
  RM_CHECK(size.height > 0 && size.width > 0 && min_scale > 0 && min_scale <= 1, size.height, " x ",
           size.width, ", ", min_scale);
  const double area = static_cast<double>(size.height) * size.width;
  for (int i = 0; i < kTries; ++i) {
    const double target = area * random.uniform(min_scale, 1);
    const double ratio = std::exp(random.uniform(std::log(kMinRatio), std::log(kMaxRatio)));
    const int width = rounded(std::sqrt(target * ratio));
    const int height = rounded(std::sqrt(target / ratio));
    if (width <= 0 || width > size.width || height <= 0 || height > size.height) continue;
    const auto top = random.below(static_cast<std::uint32_t>(size.height - height + 1));
    const auto left = random.below(static_cast<std::uint32_t>(size.width - width + 1));
    return {static_cast<int>(top), static_cast<int>(left), height, width};
  }
  return largest_centred(size);
}

Size resize_shorter(Size size, int shorter) {
  const auto longer = [&](int of_long, int of_short) {
    return static_cast<int>(static_cast<double>(shorter) * of_long / of_short);
  };
  if (size.width <= size.height) return {longer(size.height, size.width), shorter};
  return {shorter, longer(size.width, size.height)};
}

int centre_offset(int from, int to) {
  if (from < to) return -((to - from) / 2);
  return rounded((from - to) / 2.0);
}

}  // namespace ringmaster::data
