#include "obs/text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace ringmaster::obs {
namespace {

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 512> buffer;  // the largest double has 309 digits before the point
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                         std::chars_format::fixed, decimals);
  return std::string(buffer.data(), end);
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string duration(double seconds) {
  constexpr double kYear = 365.0 * 86400;
  if (!(seconds >= 0 && seconds < 100 * kYear)) return "-:--:--";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  return std::to_string(whole / 3600) + ":" + two_digits(whole / 60 % 60) + ":" +
         two_digits(whole % 60);
}

}  // namespace ringmaster::obs
