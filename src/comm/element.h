// Single elements of an arena, by type: for checks and tests, not for speed.
#pragma once

#include <cstdint>

#include "comm/dtype.h"

namespace ringmaster::comm {

// Stores a whole number of at most 8 bits and a sign, which every type holds exactly.
void store_element(DType type, void* base, std::int64_t index, int value);
[[nodiscard]] double load_element(DType type, const void* base, std::int64_t index);

}  // namespace ringmaster::comm
