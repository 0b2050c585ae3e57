#include "fleet/loaded_versions.h"

#include <memory>

#include <dlfcn.h>

#include "base/check.h"

namespace ringmaster::fleet {
namespace {

struct Unload {
  void operator()(void* library) const { ::dlclose(library); }
};

// What `function(int*)` of `library` puts into its argument; 0 where there is none. Both libraries
// answer with 0 (success) and need not be initialised for it.
int version_of(const char* library, const char* function) {
  const std::unique_ptr<void, Unload> loaded(::dlopen(library, RTLD_LAZY | RTLD_LOCAL));
  if (loaded == nullptr) return 0;
  const auto ask = reinterpret_cast<int (*)(int*)>(::dlsym(loaded.get(), function));
  int version = 0;
  return ask != nullptr && ask(&version) == 0 ? version : 0;
}

}  // namespace

void add_loaded_versions(std::map<std::string, std::string>& versions) {
  // 13000 is 13.0 (cuDriverGetVersion); 22809 is 2.28.9 (ncclGetVersion, from 2.9 on).
  if (const int cuda = version_of("libcuda.so.1", "cuDriverGetVersion"); cuda > 0)
    versions["CUDA"] = join_text(cuda / 1000, '.', cuda % 1000 / 10);
  if (const int nccl = version_of("libnccl.so.2", "ncclGetVersion"); nccl > 0)
    versions["NCCL"] = join_text(nccl / 10000, '.', nccl % 10000 / 100, '.', nccl % 100);
}

}  // namespace ringmaster::fleet
