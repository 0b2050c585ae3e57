#include "data/erasing.h"

#include <cmath>

namespace ringmaster::data {
namespace {

constexpr double kMinShare = 0.02, kMaxShare = 0.33;  // of the area
constexpr double kMinRatio = 0.3, kMaxRatio = 3.3;
constexpr int kTries = 10;

// Where a length fits into `side`.
int place(int side, int length, RandomStream& random) {
  return static_cast<int>(random.below(static_cast<std::uint32_t>(side - length + 1)));
}

}  // namespace

image::Crop draw_erased(double probability, int side, RandomStream& random) {
  if (random.uniform() >= probability) return {};
  const double all = static_cast<double>(side) * side;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double area = all * random.uniform(kMinShare, kMaxShare);
    const double ratio = std::exp(random.uniform(std::log(kMinRatio), std::log(kMaxRatio)));
    const int height = static_cast<int>(std::nearbyint(std::sqrt(area * ratio)));
    const int width = static_cast<int>(std::nearbyint(std::sqrt(area / ratio)));
    if (height >= side || width >= side) continue;
    const int top = place(side, height, random), left = place(side, width, random);
    return {top, left, height, width};
  }
  return {};
}

}  // namespace ringmaster::data
