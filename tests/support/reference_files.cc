#include "tests/support/reference_files.h"

#include <cstdlib>
#include <stdexcept>

#include "base/file.h"

namespace ringmaster::testing {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run ctest");
  return value;
}

}  // namespace

ReferenceFiles::ReferenceFiles(const std::string& script) {
  const std::string command = environment("RINGMASTER_PYTHON") + " " +
                              environment("RINGMASTER_SOURCE") + "/" + script + " " +
                              folder_.path();
  if (std::system(command.c_str()) != 0) throw std::runtime_error(command + " failed");
}

std::string ReferenceFiles::text(const std::string& name) const {
  return read_text(*posix_file_system(), folder_ / name);
}

std::vector<std::uint8_t> ReferenceFiles::bytes(const std::string& name) const {
  const std::string content = text(name);
  return {content.begin(), content.end()};
}

}  // namespace ringmaster::testing
