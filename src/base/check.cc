#include "base/check.h"

namespace ringmaster {

void fail_check(const char* file, int line, const char* expression, const std::string& message) {
  std::string name(file);
  if (const auto slash = name.rfind("src/"); slash != std::string::npos) name = name.substr(slash);
  throw Error(ErrorKind::kInternal, join_text(name, ":", line, ": ", expression, " does not hold. ",
                                              message, " (a bug: please report it)"));
}

}  // namespace ringmaster
