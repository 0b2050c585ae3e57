// What the kernel says about another process of this machine.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace ringmaster::comm {

struct ProcessState {
  char state = '?';  // as in /proc/PID/stat: R S D T(stopped) t(traced) Z(zombie) X(dead)
  std::uint64_t start_ticks = 0;  // since boot; tells a process from a later one of the same number
};

// Empty where there is no such process. Error{kIo} where the kernel does not say (too many open
// files, ...): that is no reason to believe that it died.
[[nodiscard]] std::optional<ProcessState> process_state(pid_t pid);

}  // namespace ringmaster::comm
