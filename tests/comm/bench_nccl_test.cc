// links: rm_comm rm_gpu_doubles
// The bench between GPUs, on the doubles of tests/support/fake_cuda.h, whose device memory is the
// host's.
#include <atomic>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/bench_allreduce.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_ranks.h"

namespace ringmaster::comm {
namespace {

using testing::expect_all_well;
using testing::FakeGpu;
using testing::hosts_of;
using testing::options_of;
using testing::run_ranks;

class BenchNccl : public ::testing::Test {
 protected:
  // Rank 0's rows, of ranks by two on a host.
  std::vector<BenchRow> rows_of(const std::string& algorithm, int ranks, BenchOptions bench) {
    FakeGpu::get().reset(ranks, 1U);
    NcclEngineOptions options = options_of(DType::kFloat32, 3000 + bench_spare_elems());
    options.algorithm = algorithm;
    bench.sizes_bytes = {4, 1000, 12'000};
    bench.iterations = 3;
    std::vector<BenchRow> rows;
    expect_all_well(run_ranks(hosts_of(ranks, 2), [&](ControlPlane& control) {
      NcclEngineOptions own = options;
      own.device = control.world().rank;
      const auto engine = make_nccl_engine(control, own);
      const auto mine = bench_allreduce(control, *engine, bench);
      if (control.world().rank == 0) rows = mine;
    }));
    return rows;
  }
};

TEST_F(BenchNccl, MeasuresEveryAlgorithmThroughTheAccessThatItIsGiven) {
  for (const char* algorithm : {"ring", "hierarchical", "nccl"}) {
    std::atomic<int> written = 0, read = 0;
    BenchOptions bench;
    bench.access = {[&](void* arena, const void* host, std::size_t size) {
                      ++written;
                      std::memcpy(arena, host, size);
                    },
                    [&](void* host, const void* arena, std::size_t size) {
                      ++read;
                      std::memcpy(host, arena, size);
                    }};
    const std::vector<BenchRow> rows = rows_of(algorithm, 4, bench);
    ASSERT_EQ(rows.size(), 3u) << algorithm;
    for (const BenchRow& row : rows) {
      EXPECT_EQ(row.wrong, 0) << algorithm << ' ' << row.size_bytes;
      EXPECT_GT(row.time_us, 0);
      EXPECT_LT(row.error.value().rms, 1e-6);
      EXPECT_THAT(row.what, ::testing::StartsWith(algorithm));
    }
    EXPECT_EQ(written, 4 * 3 * 2) << "four ranks, three sizes: whole numbers, and rough ones";
    EXPECT_EQ(read, 4 * 3 * 2);
  }
}

TEST_F(BenchNccl, CountsWhatAWrongAccessGives) {
  BenchOptions bench;
  bench.access = {
      [](void* arena, const void* /*host*/, std::size_t size) { std::memset(arena, 0, size); },
      [](void* host, const void* arena, std::size_t size) { std::memcpy(host, arena, size); }};
  EXPECT_GT(rows_of("ring", 2, bench).back().wrong, 1000);
}

}  // namespace
}  // namespace ringmaster::comm
