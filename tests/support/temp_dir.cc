#include "tests/support/temp_dir.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"

namespace ringmaster::testing {

TempDir::TempDir() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "ringmaster_test.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw io_error("mkdtemp " + pattern, errno);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;  // a leftover folder in the temporary directory must not fail a test
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace ringmaster::testing
