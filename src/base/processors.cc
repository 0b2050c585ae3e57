#include "base/processors.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <sched.h>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

}  // namespace

Processors allowed_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  RM_REQUIRE(
      ::sched_getaffinity(0, sizeof allowed, &allowed) == 0, ErrorKind::kIo,
      "the kernel does not say which processors this process may use: ", std::strerror(errno));
  Processors processors;
  processors.count = CPU_COUNT(&allowed);
  std::ifstream boot_id(kBootId);
  RM_REQUIRE(boot_id >> processors.id, ErrorKind::kIo, kBootId, " can't be read");
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) processors.id += join_text(' ', processor);
  }
  return processors;
}

}  // namespace ringmaster
