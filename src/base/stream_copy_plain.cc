#include <cstring>

#include "base/stream_copy.h"

namespace ringmaster {

void stream_copy(std::byte* to, const std::byte* from, std::size_t size_bytes) {
  std::memcpy(to, from, size_bytes);
}

}  // namespace ringmaster
