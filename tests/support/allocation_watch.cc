#include "tests/support/allocation_watch.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  std::size_t seen = largest_bytes.load();
  while (size > seen && !largest_bytes.compare_exchange_weak(seen, size)) {
  }
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace ringmaster::testing {

std::size_t largest_allocation_bytes() {
  return largest_bytes;
}
void reset_largest_allocation() {
  largest_bytes = 0;
}

}  // namespace ringmaster::testing
