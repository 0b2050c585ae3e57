// Measures allreduces, in the columns of nccl-tests (github.com/NVIDIA/nccl-tests,
// doc/PERFORMANCE.md), so that the tables can lie side by side.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "comm/control.h"
#include "comm/engine.h"

namespace ringmaster::comm {

// How bytes get into an arena that is not host memory, and out of it: from its beginning on, when
// what was queued before is done. Empty: memcpy.
struct ArenaAccess {
  std::function<void(void* arena, const void* host, std::size_t size_bytes)> write;
  std::function<void(void* host, const void* arena, std::size_t size_bytes)> read;
};

struct BenchOptions {
  std::vector<std::size_t> sizes_bytes;  // rounded down to whole elements, at least one
  int warm_up = 3;
  int iterations = 20;
  double deadline_s = 60;  // for one reduction
  // Each iteration on other elements, where the arena has room, so that caches don't flatter it.
  // False: always the same ones, as programs do that it is compared with.
  bool walk = true;
  std::optional<DType> wire;  // of the engine
  ArenaAccess access;         // to its arena
};

// How far float32 sums of rough numbers (normal, standard deviation 0.01, as gradients are) are
// from sums in float64, as parts of the root mean square of those: single sums may be near zero.
struct BenchError {
  double max = 0, rms = 0;
};

struct BenchRow {
  std::string what;           // the engine's describe()
  std::optional<DType> wire;  // as the engine was made; nothing: in full
  std::size_t size_bytes = 0;
  std::int64_t count_elems = 0;
  DType type = DType::kFloat32;
  double time_us = 0;      // the slowest rank's median
  double algbw_gbps = 0;   // size / time, in 10^9 bytes per second
  double busbw_gbps = 0;   // algbw * 2 (n - 1) / n: what a link carries; compares with its speed
  std::int64_t wrong = 0;  // wrong elements, over all ranks
  std::optional<BenchError> error;  // this rank's, which ours all share; of float32 only
};

// Collective. One row per size, the same on every rank. `engine`: at least of the largest size
// and bench_spare_elems() elements; its content is overwritten. Every size is checked against sums
// that are known exactly, in a pass of its own. Between GPUs a reduction is timed until the host
// knows that it is done, on the default stream.
[[nodiscard]] std::vector<BenchRow> bench_allreduce(ControlPlane& control, Engine& engine,
                                                    const BenchOptions& options);
[[nodiscard]] std::int64_t bench_spare_elems();

// A table of them, with a header; ends with a newline.
[[nodiscard]] std::string bench_table(const std::vector<BenchRow>& rows);
// Of the rows with a wire: what it gains against the row of the same algorithm and size without,
// and the error that it costs. `rows` as bench_allreduce() gave them, one call after the other,
// `what` beginning with the algorithm.
[[nodiscard]] std::string wire_table(const std::vector<BenchRow>& rows);

}  // namespace ringmaster::comm
