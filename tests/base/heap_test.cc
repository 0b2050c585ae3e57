#include "base/heap.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
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
  tune_heap();
  faults_of_large_block();  // the heap grows
  EXPECT_LT(faults_of_large_block(), pages / 100);
}

// The flags of the mapping in which `place` lies, as the kernel has them.
std::string flags_of(const void* place) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    std::uintptr_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      const auto at = reinterpret_cast<std::uintptr_t>(place);
      inside = begin <= at && at < end;
    }
    if (inside && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return "";
}

TEST(Heap, IsAskedToHaveHugePages) {
  tune_heap();
  void* block = std::malloc(kLarge);
  const std::string flags = flags_of(static_cast<char*>(block) + kLarge / 2);
  EXPECT_THAT(flags, ::testing::StartsWith("VmFlags:"));
  // "hg": huge pages were asked for, whether or not the kernel has any to give.
  if (std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) {
    EXPECT_THAT(flags, ::testing::HasSubstr(" hg "));
  }
  std::free(block);
}

}  // namespace
}  // namespace ringmaster
