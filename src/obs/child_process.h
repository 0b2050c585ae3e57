// A program run beside ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/deadline.h"

namespace ringmaster::obs {

struct ChildOptions {
  std::vector<std::string> arguments;  // the first is the program, found on the PATH
  std::string folder;                  // it runs there
  std::string output;                  // both of its outputs are written to this file
};

// Owned: the destructor kills it if it runs still, and reaps it, so that no zombie stays. The child
// inherits no descriptor but 0–2 (a socket to another rank that stays open in it would hide our
// death from that rank), and has default signal handling. One thread.
class ChildProcess {
 public:
  // Error{kIo} that names the program where it can't be started.
  explicit ChildProcess(const ChildOptions& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }
  // Its exit code (128 + n where signal n ended it), once it has ended; nothing while it runs.
  // Doesn't wait.
  [[nodiscard]] std::optional<int> poll();
  // Waits until it has ended or the deadline has passed.
  [[nodiscard]] std::optional<int> wait(Deadline deadline);

 private:
  pid_t id_ = -1;
  std::optional<int> exit_code_;  // reaped
};

}  // namespace ringmaster::obs
