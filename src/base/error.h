// The one exception type of Ringmaster. Thrown anywhere, caught once in app/ (or sharding/main.cc),
// which logs it with rank and host and maps its kind to the process's exit code. Expected events
// (end of an epoch, no checkpoint yet, a stop signal) are return values, not errors.
#pragma once

#include <stdexcept>
#include <string>

namespace ringmaster {

enum class ErrorKind {
  kInternal,         // a bug of ours
  kInvalidArgument,  // bad usage, an unknown key, a bad value
  kNotSupported,     // a good request that this build or machine can't serve
  kBadData,          // a file whose content is not what it should be
  kIo,               // the operating system said no (message carries errno's text)
  kTimeout,          // a deadline passed; the peer is named
  kPeerLost,         // another rank died or left
};

// Decided in DESIGN.md §4: 0 done, 1 bug, 2 usage, 3 data, 4 I/O, 75 requeue me, 130/143 stopped by
// SIGINT/SIGTERM.
inline constexpr int kExitDone = 0;
inline constexpr int kExitRequeue = 75;
[[nodiscard]] int exit_code(ErrorKind kind);
[[nodiscard]] const char* name_of(ErrorKind kind);

class Error : public std::runtime_error {
 public:
  // `message`: what is wrong, which file, key or rank, and what to do about it. One sentence or
  // two, no trailing newline.
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// For a failed system call: "<what>: <strerror(errno_value)>", kIo.
[[nodiscard]] Error io_error(const std::string& what, int errno_value);

}  // namespace ringmaster
