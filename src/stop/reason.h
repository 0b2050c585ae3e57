// Why a run is asked to stop, or only to save.
#pragma once

namespace ringmaster::stop {

// By precedence: where the ranks of a run were asked different things, the last of these wins. What
// leaves a run stopped wins over what has it started again, for `scancel` sends several signals.
enum class Reason {
  kNone,
  kRebalance,   // EC2 recommends to move elsewhere: save, and go on
  kTimeLimit,   // the scheduler's allocation is about to end
  kSpotNotice,  // EC2 takes the instance back in about two minutes
  kUsr2,
  kUsr1,
  kInt,
  kTerm,
};
inline constexpr int kReasons = 8;

// False for kNone and kRebalance.
[[nodiscard]] bool leaves(Reason reason);
// What a run ends with once it has saved: 130 and 143 for SIGINT and SIGTERM (stay stopped), 75 for
// the others (requeue me). REQUIRES: leaves(reason).
[[nodiscard]] int exit_code_of(Reason reason);
// "SIGTERM", "spot interruption notice", …
[[nodiscard]] const char* name_of(Reason reason);
// REQUIRES: SIGINT, SIGTERM, SIGUSR1 or SIGUSR2.
[[nodiscard]] Reason reason_of_signal(int signal);

}  // namespace ringmaster::stop
