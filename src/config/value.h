// Values as text, both ways: strict, independent of the locale, and exact (what format_* writes,
// parse_* reads back as the same bits).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::config {

// The whole text must be the value; nothing where it isn't, or where it doesn't fit the type.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);             // true, false
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);  // 12, -3; not 1e3
[[nodiscard]] std::optional<double> parse_real(std::string_view text);  // finite: 0.1, 5e-4

[[nodiscard]] std::string format_bool(bool value);
// The shortest text that reads back as the same number.
[[nodiscard]] std::string format_real(double value);

// "a,b" <-> {"a", "b"}; "" <-> {}. Blanks around an element are dropped.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);
[[nodiscard]] std::string join_list(const std::vector<std::string>& items);

[[nodiscard]] std::string_view trim(std::string_view text);  // blanks and tabs on both sides

}  // namespace ringmaster::config
