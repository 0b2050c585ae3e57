// links: rm_comm rm_gpu_doubles
// What `auto` measures on GPUs and goes by, on the doubles of tests/support/fake_cuda.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "comm/nccl_engine.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_add.h"
#include "tests/support/fake_cuda_ranks.h"

namespace ringmaster::comm {
namespace {

using testing::expect_all_well;
using testing::expect_nothing_left;
using testing::fake_load;
using testing::FakeGpu;
using testing::FakeRank;
using ::testing::HasSubstr;
using testing::hosts_of;
using testing::options_of;
using testing::Outcome;
using testing::run_ranks;

// What auto measures and goes by.
class NcclAuto : public ::testing::Test {
 protected:
  // Of two hosts with two ranks each. Returns the table, which is the same on every rank.
  AllreduceTable measure(std::optional<DType> wire) {
    FakeGpu::get().reset(4, 1U);
    std::vector<std::string> tables(4);
    expect_all_well(run_ranks(hosts_of(4, 2), [&](ControlPlane& control) {
      NcclEngineOptions options = options_of(DType::kFloat32, 3000);
      options.algorithm = "auto";
      options.wire = wire;
      options.table = [&](const TableRequest& request) {
        const AllreduceTable table = request.measure();
        tables[static_cast<std::size_t>(control.world().rank)] = table.to_json();
        return table;
      };
      FakeRank rank(control, options);
      EXPECT_THAT(rank.engine().describe(), HasSubstr("auto ("));
      for (std::int64_t i = 0; i < 3000; ++i)
        ASSERT_EQ(fake_load(DType::kFloat32, rank.engine().arena(), i), 0.0F);
    }));
    for (const std::string& table : tables) EXPECT_EQ(table, tables.front());
    return AllreduceTable::from_json(tables.front(), "measured");
  }
};

TEST_F(NcclAuto, MeasuresOursBesideNcclsOnScratch) {
  const AllreduceTable table = measure(std::nullopt);
  EXPECT_EQ(table.shape, "0*2 1*2");
  EXPECT_THAT(table.machine, HasSubstr("double of a GPU"));
  ASSERT_EQ(table.rows.size(), 3u);  // 1, 4 and 12 KB
  std::string before;
  for (const TableRow& row : table.rows) {
    EXPECT_THAT(row.time_us,
                ::testing::ElementsAre(::testing::Pair("hierarchical", ::testing::Gt(0)),
                                       ::testing::Pair("nccl", ::testing::Gt(0)),
                                       ::testing::Pair("ring", ::testing::Gt(0))));
    EXPECT_EQ(row.algorithm, choose_fastest(row.time_us, before));
    before = row.algorithm;
  }
}

TEST_F(NcclAuto, LeavesOutWhatCantRound) {
  for (const TableRow& row : measure(DType::kFloat16).rows) {
    EXPECT_EQ(row.time_us.count("nccl"), 0u);
    EXPECT_EQ(row.time_us.size(), 2u);
  }
}

// Small ones by NCCL, large ones by our ring: told apart by the calls.
TEST_F(NcclAuto, GoesByTheTable) {
  FakeGpu::get().reset(2, 1U);
  NcclEngineOptions options = options_of(DType::kFloat32, 3000);
  options.algorithm = "auto";
  options.table = [](const TableRequest& request) {
    return AllreduceTable{request.shape, "here", {{1024, "nccl", {}}, {8192, "ring", {}}}};
  };
  std::vector<std::int64_t> wrong(2, 0);
  expect_all_well(run_ranks(2, [&](ControlPlane& control) {
    const int me = control.world().rank;
    FakeRank rank(control, options);
    auto calls = [&] { return FakeGpu::get().calls(me); };
    EXPECT_EQ(calls()["ncclAllReduce"] + calls()["ncclSend"], 0) << "a table is there already";
    rank.step({{0, 0, 200, 0.5}}, 0, &wrong[static_cast<std::size_t>(me)]);
    EXPECT_EQ(calls()["ncclAllReduce"], 1);
    EXPECT_EQ(calls()["ncclSend"], 0);
    rank.step({{0, 0, 2900, 0.5}}, 1, &wrong[static_cast<std::size_t>(me)]);
    EXPECT_EQ(calls()["ncclAllReduce"], 1);
    EXPECT_GT(calls()["ncclSend"], 0);
    EXPECT_THAT(rank.engine().describe(), HasSubstr("auto (nccl up to 2.83 KiB, then ring)"));
  }));
  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST_F(NcclAuto, ATableOfWhatTheseRanksDoNotHaveIsRefused) {
  FakeGpu::get().reset(2, 1U);
  NcclEngineOptions options = options_of(DType::kFloat32, 100);
  options.algorithm = "auto";
  options.table = [](const TableRequest& request) {
    return AllreduceTable{request.shape, "here", {{1024, "hierarchical", {}}}};
  };
  for (const Outcome& outcome :
       run_ranks(2, [&](ControlPlane& control) { FakeRank rank(control, options); })) {
    EXPECT_EQ(outcome.kind, ErrorKind::kNotSupported);
    EXPECT_THAT(outcome.text, HasSubstr("'hierarchical'"));
  }
  expect_nothing_left();
}

}  // namespace
}  // namespace ringmaster::comm
