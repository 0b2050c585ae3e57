#include "comm/process_state.h"

#include <array>
#include <cerrno>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace ringmaster::comm {

std::optional<ProcessState> process_state(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return std::nullopt;
  if (file < 0) throw io_error("opening " + path, errno);
  std::array<char, 1024> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  const int error = errno;
  ::close(file);
  if (size < 0 && error != ESRCH) throw io_error("reading " + path, error);
  if (size <= 0) return std::nullopt;  // it ended after open()
  // "PID (NAME) STATE PPID ...": the name may hold anything, so from the last parenthesis on. The
  // start time is field 22 (proc(5)), 19 fields after the state.
  const std::string line(text.data(), static_cast<std::size_t>(size));
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  ProcessState result;
  std::string skipped;
  fields >> result.state;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> result.start_ticks;
  if (!fields) return std::nullopt;
  return result;
}

}  // namespace ringmaster::comm
