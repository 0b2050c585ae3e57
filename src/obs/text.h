// Numbers as people read them, independent of the locale.
#pragma once

#include <string>

namespace ringmaster::obs {

// Fixed number of decimals: fixed(0.12345, 2) is "0.12". Not finite: "-".
[[nodiscard]] std::string fixed(double value, int decimals);
// Blanks on the left, up to `width`.
[[nodiscard]] std::string right_aligned(const std::string& text, std::size_t width);
// "0:05:12", "27:00:00"; negative or unknown: "-:--:--".
[[nodiscard]] std::string duration(double seconds);

}  // namespace ringmaster::obs
