// Every input of the corpus - seeds made by other programs, and what fuzzing has found - through
// its reader: an Error{kBadData} at most, and no allocation out of proportion.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.h"
#include "tests/support/allocation_watch.h"

namespace ringmaster::fuzz {
namespace {

std::filesystem::path corpus() {
  return std::filesystem::path(std::getenv("RINGMASTER_SOURCE")) / "tests" / "fuzz" / "corpus";
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(CorpusTest, EveryInputIsReadOrRefused) {
  for (const Target& target : targets()) {
    int inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / target.name)) {
      const std::string bytes = content(entry.path());
      ASSERT_LE(bytes.size(), kMaxInputBytes) << entry.path();
      testing::reset_largest_allocation();
      EXPECT_NO_THROW(run(target, std::as_bytes(std::span(bytes)))) << entry.path();
      EXPECT_LE(testing::largest_allocation_bytes(), kMaxAllocationBytes) << entry.path();
      ++inputs;
    }
    EXPECT_GE(inputs, 1) << target.name;
  }
}

// A seed that its reader refuses at once would test nothing behind the first check.
TEST(CorpusTest, SeedsAreSound) {
  for (const Target& target : targets()) {
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / target.name)) {
      if (!entry.path().filename().string().starts_with("seed")) continue;
      const std::string bytes = content(entry.path());
      EXPECT_NO_THROW(target.read(std::as_bytes(std::span(bytes)))) << entry.path();
    }
  }
}

TEST(CorpusTest, EveryFolderHasATarget) {
  std::set<std::string> names, folders;
  for (const Target& target : targets()) names.emplace(target.name);
  for (const auto& entry : std::filesystem::directory_iterator(corpus()))
    folders.insert(entry.path().filename());
  EXPECT_EQ(names, folders);
}

}  // namespace
}  // namespace ringmaster::fuzz
