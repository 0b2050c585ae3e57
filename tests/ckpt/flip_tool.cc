// Flips bytes of a real checkpoint, one at a time and in memory, and reads each result through the
// file seam as `ringmaster checkpoint verify` and a resuming run do:
//
//   flip_tool CHECKPOINT [FLIPS] [SEED]
//
// A third of the flips fall into the first 128 KiB (the pickle: names, shapes, numbers), a third
// into the last 64 KiB (the zip directory and the hash), the others anywhere. Exit code 1 where a
// flip is neither refused as damage nor without effect.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/philox.h"
#include "ckpt/compare.h"
#include "ckpt/snapshot.h"
#include "tests/support/disk_of.h"

namespace ringmaster {
namespace {

constexpr std::size_t kFrontBytes = 128 << 10, kBackBytes = 64 << 10;

std::size_t choose_place(int round, std::size_t size_bytes, RandomStream& random) {
  const auto below = [&](std::size_t bound) {
    return static_cast<std::size_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  if (round % 3 == 0) return below(std::min(kFrontBytes, size_bytes));
  if (round % 3 == 1) return size_bytes - 1 - below(std::min(kBackBytes, size_bytes));
  return below(size_bytes);
}

bool same(const ckpt::Snapshot& a, const ckpt::Snapshot& b) {
  return ckpt::compare_tensors(a, b).empty() && a.progress == b.progress &&
         a.numbers == b.numbers && a.texts == b.texts;
}

int flip_all(const std::string& path, int flips, std::uint64_t seed) {
  const auto files = posix_file_system();
  testing::DiskOf disk(*files);
  disk.content = read_text(*files, path, std::uint64_t{4} << 30);
  const ckpt::Snapshot good = ckpt::read_snapshot(disk, path);
  RandomStream random(seed, RandomUse::kTest, 0, 0);
  int refused = 0, harmless = 0;
  for (int round = 0; round < flips; ++round) {
    char& byte = disk.content[choose_place(round, disk.content.size(), random)];
    const char before = byte;
    byte = static_cast<char>(byte ^ static_cast<char>(1 + random.below(255)));
    try {
      const ckpt::Snapshot read = ckpt::read_snapshot(disk, path);
      if (!same(good, read)) {
        std::cerr << path << ": a flipped byte was read as if nothing were wrong\n";
        return 1;
      }
      ++harmless;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
      ++refused;
    }
    byte = before;
  }
  (void)ckpt::read_snapshot(disk, path);  // every byte is as it was
  std::cout << path << ", " << disk.content.size() << " bytes: of " << flips << " flipped bytes "
            << refused << " refused, " << harmless << " without effect, 0 read wrongly\n";
  return 0;
}

}  // namespace
}  // namespace ringmaster

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "flip_tool CHECKPOINT [FLIPS] [SEED]\n";
    return 2;
  }
  return ringmaster::flip_all(argv[1], argc > 2 ? std::atoi(argv[2]) : 10'000,
                              argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
