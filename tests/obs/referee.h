// Python packages as referees of files that we write.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "obs/child_process.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::testing {

// Runs tests/obs/`script` with `arguments` and returns what it prints. A test failure with its
// output where it doesn't end with 0.
inline std::string ask_referee(const std::string& script, std::vector<std::string> arguments) {
  const char* python = std::getenv("RINGMASTER_PYTHON");
  const char* source = std::getenv("RINGMASTER_SOURCE");
  if (python == nullptr || source == nullptr) {
    ADD_FAILURE()
        << "RINGMASTER_PYTHON and RINGMASTER_SOURCE say where the referees are: run ctest";
    return "";
  }
  const TempDir dir;
  arguments.insert(arguments.begin(), {python, std::string(source) + "/tests/obs/" + script});
  obs::ChildProcess child({arguments, dir.path(), dir / "output"});
  const auto exit_code = child.wait(Deadline::after(std::chrono::seconds(120)));
  const std::string output = read_text(*posix_file_system(), dir / "output");
  EXPECT_EQ(exit_code, 0) << output;
  return output;
}

}  // namespace ringmaster::testing
