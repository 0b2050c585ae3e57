#include "sharding/stop_signals.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

namespace ringmaster::sharding {

StopSignals::StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  if (const int code = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); code != 0)
    throw io_error("block signals", code);
  descriptor_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor_ < 0) throw io_error("signalfd", errno);
}

StopSignals::~StopSignals() {
  ::close(descriptor_);
}

int StopSignals::received() {
  signalfd_siginfo info{};
  if (signal_ == 0 && ::read(descriptor_, &info, sizeof info) == sizeof info)
    signal_ = static_cast<int>(info.ssi_signo);
  return signal_;
}

}  // namespace ringmaster::sharding
