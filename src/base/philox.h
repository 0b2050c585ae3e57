// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011, §3.3). A number is a pure function of (key, counter), so a draw depends on
// what it is for (seed, epoch, sample, use), never on which thread or rank asks, or what was drawn
// before.
#pragma once

#include <array>
#include <cstdint>

namespace ringmaster {

[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

// What a stream of numbers is for. Part of the key: two uses never share numbers. Do not change
// existing values: the order of samples and every augmentation of recorded runs depend on them.
enum class RandomUse : std::uint32_t {
  kSampleOrder = 1,
  kAugment = 2,
  kModelInit = 3,
  kShardMix = 4,
  kTest = 5,
  kMix = 6,
  kAugmentOps = 7,
  kErasing = 8,
  kStochasticDepth = 9,
};

// A short private stream: key (seed, use), counter (a, b, block). Copyable, no heap, one thread at
// a time.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomUse use, std::uint64_t a, std::uint64_t b);

  [[nodiscard]] std::uint32_t next_u32();
  [[nodiscard]] std::uint64_t next_u64();
  // Uniform in [0, 1): 24 random bits, so exact in float too.
  [[nodiscard]] double uniform();
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform in [0, n), unbiased (Lemire's rejection). REQUIRES: n > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t n);
  // Standard normal (Box–Muller; both numbers of a pair are used).
  [[nodiscard]] double normal();

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint64_t a_, b_;
  std::uint32_t block_index_ = 0;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace ringmaster
