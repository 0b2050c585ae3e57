// What a referee in Python says: a script of the test's writes its inputs and answers as files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace ringmaster::testing {

// Runs $RINGMASTER_PYTHON $RINGMASTER_SOURCE/<script> FOLDER once, in a folder of its own. Throws
// where the script fails or ctest did not set the variables.
class ReferenceFiles {
 public:
  explicit ReferenceFiles(const std::string& script);
  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] std::vector<std::uint8_t> bytes(const std::string& name) const;

 private:
  TempDir folder_;
};

}  // namespace ringmaster::testing
