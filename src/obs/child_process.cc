#include "obs/child_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/check.h"

extern char** environ;  // POSIX: declared by the program that wants it

namespace ringmaster::obs {
namespace {

// posix_spawn's two C objects, freed on every path.
class SpawnSettings {
 public:
  explicit SpawnSettings(const ChildOptions& options) {
    constexpr mode_t kMode = 0644;
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, 1, options.output.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, kMode);
    ::posix_spawn_file_actions_adddup2(&actions_, 1, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    ::posix_spawn_file_actions_addchdir_np(&actions_, options.folder.c_str());

    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int to_exit_code(int status) {
  constexpr int kSignalled = 128;  // as shells say it
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) {
  RM_CHECK(!options.arguments.empty());
  std::vector<char*> arguments;
  // posix_spawn takes char* for C's sake and doesn't write through it.
  for (const std::string& one : options.arguments)
    arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  const SpawnSettings settings(options);
  const int code = ::posix_spawnp(&id_, arguments.front(), settings.actions(),
                                  settings.attributes(), arguments.data(), environ);
  if (code != 0) throw io_error("can't start " + options.arguments.front(), code);
}

ChildProcess::~ChildProcess() {
  if (exit_code_) return;
  ::kill(id_, SIGKILL);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) continue;
}

std::optional<int> ChildProcess::poll() {
  if (exit_code_) return exit_code_;
  int status = 0;
  const pid_t ended = ::waitpid(id_, &status, WNOHANG);
  if (ended < 0 && errno != EINTR) throw io_error(join_text("wait for process ", id_), errno);
  if (ended == id_) exit_code_ = to_exit_code(status);
  return exit_code_;
}

std::optional<int> ChildProcess::wait(Deadline deadline) {
  constexpr std::chrono::milliseconds kPause(5);
  while (!poll() && !deadline.passed()) std::this_thread::sleep_for(kPause);
  return exit_code_;
}

}  // namespace ringmaster::obs
