// libFuzzer's entry: a program a target, chosen when it is built (tests/fuzz/CMakeLists.txt).
#include <cstdint>

#include "base/check.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fuzz = ringmaster::fuzz;
  static const fuzz::Target kTarget = [] {
    for (const fuzz::Target& target : fuzz::targets()) {
      if (target.name == RINGMASTER_FUZZ_TARGET) return target;
    }
    throw ringmaster::Error(ringmaster::ErrorKind::kInternal, "no target " RINGMASTER_FUZZ_TARGET);
  }();
  fuzz::run(kTarget, std::as_bytes(std::span(data, size)));
  return 0;
}
