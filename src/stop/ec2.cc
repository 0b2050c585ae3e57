#include "stop/ec2.h"

#include <algorithm>
#include <cctype>
#include <fstream>

namespace ringmaster::stop {
namespace {

// In lower case; "" where there is no such file.
std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::transform(line.begin(), line.end(), line.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return line;
}

}  // namespace

bool on_ec2(const std::string& sys) {
  for (const char* vendor : {"/class/dmi/id/sys_vendor", "/class/dmi/id/board_vendor"}) {
    if (first_line(sys + vendor) == "amazon ec2") return true;
  }
  return first_line(sys + "/class/dmi/id/bios_version").ends_with("amazon") ||
         first_line(sys + "/hypervisor/uuid").starts_with("ec2");
}

}  // namespace ringmaster::stop
