// Elements of float32, float16 and bfloat16 arrays, as the doubles and their tests see them.
#pragma once

#include <cstdint>

#include "comm/dtype.h"

namespace ringmaster::testing {

[[nodiscard]] float fake_load(comm::DType type, const void* values, std::int64_t index);
// Rounds to nearest even.
void fake_store(comm::DType type, void* values, std::int64_t index, float value);

}  // namespace ringmaster::testing
