#include "fleet/programs.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "base/error.h"
#include "obs/child_process.h"

namespace ringmaster::fleet {
namespace {

// A file of its own for a program's output, gone with the object.
class Scratch {
 public:
  Scratch() {
    std::string path = (std::filesystem::temp_directory_path() / "ringmaster.XXXXXX").string();
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) throw io_error("can't make a file like " + path, errno);
    ::close(descriptor);
    path_ = path;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::optional<Answer> ask(const std::vector<std::string>& arguments, Deadline deadline,
                          std::string& why_not) {
  const Scratch output;
  std::optional<int> exit_code;
  try {
    obs::ChildProcess child({arguments, "/", output.path()});
    exit_code = child.wait(deadline);
  } catch (const Error& error) {
    why_not = error.what();
    return std::nullopt;
  }
  if (!exit_code) {
    why_not = arguments.front() + " did not answer in time and was killed";
    return std::nullopt;
  }
  std::ostringstream text;
  text << std::ifstream(output.path()).rdbuf();
  return Answer{*exit_code, text.str()};
}

}  // namespace ringmaster::fleet
