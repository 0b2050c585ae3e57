#include "stop/reason.h"

#include <csignal>

#include "base/error.h"

namespace ringmaster::stop {

bool leaves(Reason reason) {
  return reason != Reason::kNone && reason != Reason::kRebalance;
}

int exit_code_of(Reason reason) {
  if (reason == Reason::kInt) return 128 + SIGINT;
  if (reason == Reason::kTerm) return 128 + SIGTERM;
  return kExitRequeue;
}

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "nothing";
    case Reason::kRebalance:
      return "rebalance recommendation";
    case Reason::kTimeLimit:
      return "time limit";
    case Reason::kSpotNotice:
      return "spot interruption notice";
    case Reason::kUsr2:
      return "SIGUSR2";
    case Reason::kUsr1:
      return "SIGUSR1";
    case Reason::kInt:
      return "SIGINT";
    case Reason::kTerm:
      return "SIGTERM";
  }
  return "?";
}

Reason reason_of_signal(int signal) {
  switch (signal) {
    case SIGINT:
      return Reason::kInt;
    case SIGTERM:
      return Reason::kTerm;
    case SIGUSR1:
      return Reason::kUsr1;
    default:
      return Reason::kUsr2;
  }
}

}  // namespace ringmaster::stop
