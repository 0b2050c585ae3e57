// What float32 elements travel as where they leave their host, as users call it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comm/dtype.h"

namespace ringmaster::comm {

// "fp32", "fp16", "bf16".
[[nodiscard]] const std::vector<std::string>& wire_names();
// Nothing for "fp32": they travel as they are. Error{kInvalidArgument} for an unknown name.
[[nodiscard]] std::optional<DType> parse_wire(const std::string& name);

}  // namespace ringmaster::comm
