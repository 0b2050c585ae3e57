// The processors that this process may use.
#pragma once

#include <string>

namespace ringmaster {

struct Processors {
  int count = 0;
  // Equal for two processes exactly if they run on the same kernel (containers and network
  // namespaces of one machine do, whatever their host names) and may use the same processors of it.
  std::string id;
};

// Of the calling thread, so before it binds itself elsewhere. Error{kIo} where the kernel does not
// say.
[[nodiscard]] Processors allowed_processors();

}  // namespace ringmaster
