// Times as options give and reports take them: seconds, as double.
#pragma once

#include <chrono>

#include "base/deadline.h"

namespace ringmaster {

// So many seconds from now; a fraction counts.
[[nodiscard]] inline Deadline deadline_in(double seconds) {
  return Deadline::after(std::chrono::duration<double>(seconds));
}

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace ringmaster
