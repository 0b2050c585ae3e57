#include "base/error.h"

#include <cstring>

namespace ringmaster {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return 1;
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kNotSupported:
      return 2;
    case ErrorKind::kBadData:
      return 3;
    case ErrorKind::kIo:
      return 4;
    case ErrorKind::kTimeout:
    case ErrorKind::kPeerLost:
      return kExitRequeue;
  }
  return 1;
}

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return "internal error";
    case ErrorKind::kInvalidArgument:
      return "bad usage";
    case ErrorKind::kNotSupported:
      return "not supported here";
    case ErrorKind::kBadData:
      return "bad data";
    case ErrorKind::kIo:
      return "I/O error";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kPeerLost:
      return "peer lost";
  }
  return "error";
}

Error io_error(const std::string& what, int errno_value) {
  return Error(ErrorKind::kIo, what + ": " + std::strerror(errno_value));
}

}  // namespace ringmaster
