// "Did you mean …?"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::config {

// Fewest insertions, deletions and substitutions of a character that turn `a` into `b`
// (Levenshtein's distance).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest distance, the first of equals. REQUIRES: candidates not empty.
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

}  // namespace ringmaster::config
