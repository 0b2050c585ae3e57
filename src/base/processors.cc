#include "base/processors.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include <sched.h>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

// Linux's own limit; the 1024 of a plain cpu_set_t are an error on larger machines.
constexpr std::size_t kMostProcessors = 8192;

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

}  // namespace

Processors allowed_processors() {
  const std::unique_ptr<cpu_set_t, FreeSet> allowed(CPU_ALLOC(kMostProcessors));
  const std::size_t size_bytes = CPU_ALLOC_SIZE(kMostProcessors);
  CPU_ZERO_S(size_bytes, allowed.get());
  RM_REQUIRE(
      ::sched_getaffinity(0, size_bytes, allowed.get()) == 0, ErrorKind::kIo,
      "the kernel does not say which processors this process may use: ", std::strerror(errno));
  Processors processors;
  processors.count = CPU_COUNT_S(size_bytes, allowed.get());
  std::ifstream boot_id(kBootId);
  RM_REQUIRE(boot_id >> processors.id, ErrorKind::kIo, kBootId, " can't be read");
  for (std::size_t processor = 0; processor < kMostProcessors; ++processor) {
    if (CPU_ISSET_S(processor, size_bytes, allowed.get()))
      processors.id += join_text(' ', processor);
  }
  return processors;
}

}  // namespace ringmaster
