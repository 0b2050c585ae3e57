#include "base/heap.h"

#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace ringmaster {
namespace {

constexpr std::size_t kLarge = std::size_t{64} << 20;

long faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Page faults of allocating, writing and freeing a large block.
long faults_of_large_block() {
  const long before = faults();
  void* block = std::malloc(kLarge);
  std::memset(block, 1, kLarge);
  // The compiler must not see through the pair of malloc and free.
  asm volatile("" : : "r"(block) : "memory");
  std::free(block);
  return faults() - before;
}

TEST(Heap, FreedMemoryIsUsedAgainWithoutAskingTheKernel) {
  const long pages = static_cast<long>(kLarge / 4096);
  faults_of_large_block();
  // As malloc comes: a fresh mapping each time, a fault a page (or a few where pages are huge).
  EXPECT_GT(faults_of_large_block(), 0);
  keep_freed_memory();
  faults_of_large_block();  // the heap grows
  EXPECT_LT(faults_of_large_block(), pages / 100);
}

}  // namespace
}  // namespace ringmaster
