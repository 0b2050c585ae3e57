// What a host's own tools say, within a time limit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"

namespace ringmaster::fleet {

struct Answer {
  int exit_code = 0;
  std::string output;  // both of its outputs
};

// Runs `arguments` (the first is looked up on the PATH) to its end. Empty where there is no such
// program, and where it had not ended by `deadline` and was killed: then `why_not` says so.
[[nodiscard]] std::optional<Answer> ask(const std::vector<std::string>& arguments,
                                        Deadline deadline, std::string& why_not);

}  // namespace ringmaster::fleet
