// Tells a test how much memory one `new` asked for at most. Linking this file replaces the global
// operator new of the test.
#pragma once

#include <cstddef>

namespace ringmaster::testing {

// Since the last reset_largest_allocation(), over all threads.
[[nodiscard]] std::size_t largest_allocation_bytes();
void reset_largest_allocation();

}  // namespace ringmaster::testing
