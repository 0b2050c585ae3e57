// `auto`: measuring a table, keeping it, and going by it.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/make_engine.h"
#include "comm/table_files.h"
#include "tests/comm/allreduce_check.h"
#include "tests/comm/threads.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::comm {
namespace {

using ::testing::HasSubstr;
using testing::run_ranks;
using testing::test_deadline;

AllreduceTable table_of(const std::string& shape, const std::string& algorithm) {
  return {shape, "here", {{1024, algorithm, {{algorithm, 1}}}}};
}

TEST(Auto, MeasuresTheSameTableOnEveryRank) {
  std::vector<std::string> tables(4);
  run_ranks({"a", "a", "b", "b"}, [&](ControlPlane& control) {
    EngineOptions options;
    options.capacity_elems = 30'000;
    options.table = [&](const TableRequest& request) {
      const AllreduceTable table = request.measure();
      tables[static_cast<std::size_t>(control.world().rank)] = table.to_json();
      return table;
    };
    const auto engine = make_engine(control, nullptr, options);
    EXPECT_THAT(engine->describe(), HasSubstr("auto ("));
    for (std::int64_t i = 0; i < 30'000; ++i) ASSERT_TRUE(testing::is_element(*engine, i, 0));
  });
  for (const std::string& table : tables) EXPECT_EQ(table, tables.front());
  const AllreduceTable table = AllreduceTable::from_json(tables.front(), "measured");
  EXPECT_EQ(table.shape, "0*2 1*2");
  std::vector<std::size_t> sizes;
  std::string before;
  for (const TableRow& row : table.rows) {
    sizes.push_back(row.size_bytes);
    ASSERT_EQ(row.time_us.size(), 2u);
    EXPECT_GT(row.time_us.at("ring"), 0);
    EXPECT_GT(row.time_us.at("hierarchical"), 0);
    EXPECT_EQ(row.algorithm, choose_fastest(row.time_us, before));
    before = row.algorithm;
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(1024, 4096, 16384, 65536, 120'000));
}

// Sizes on both sides of the border, one behind the other over the same elements too.
TEST(Auto, SumsAreRightWhereTheAlgorithmChanges) {
  run_ranks({"a", "a", "a", "b", "b"}, [](ControlPlane& control) {
    EngineOptions options;
    options.capacity_elems = 1 << 14;
    options.segment_bytes = 256;
    options.table = [](const TableRequest& request) {
      AllreduceTable table = table_of(request.shape, "hierarchical");
      table.rows.push_back({4096, "ring", {}});
      return table;
    };
    const auto engine = make_engine(control, nullptr, options);
    EXPECT_THAT(engine->describe(), HasSubstr("auto (hierarchical up to 2 KiB, then ring) over"));
    testing::expect_exact_sums(*engine, control.world().rank, 5, {10, 600, 20, 5000, 512, 513, 1},
                               20);
    for (std::int64_t i = 0; i < 2000; ++i) testing::set_element(*engine, i, 1);
    engine->start({0, 0, 2000, 1}, nullptr);
    engine->start({1, 0, 100, 1}, nullptr);
    engine->start({2, 50, 1950, 0.2}, nullptr);
    engine->finish(nullptr, test_deadline());
    for (std::int64_t i = 0; i < 2000; ++i)
      ASSERT_TRUE(testing::is_element(*engine, i, i < 100 ? 25 : 5)) << i;
  });
}

TEST(Auto, ATableOfAnotherAlgorithmIsRefused) {
  run_ranks(2, [](ControlPlane& control) {
    EngineOptions options;
    options.capacity_elems = 100;
    options.table = [](const TableRequest& request) { return table_of(request.shape, "mpi"); };
    EXPECT_THROW(std::ignore = make_engine(control, nullptr, options), Error);
  });
}

class TableFilesTest : public ::testing::Test {
 protected:
  // Two ranks look for a table; how often they measured one, and rank 0's result.
  FoundTable find(const TableFiles& paths, const std::string& machine = "here") {
    FoundTable result;
    run_ranks(2, [&](ControlPlane& control) {
      const TableRequest request{"0*2", machine, [&] {
                                   ++measured_;
                                   AllreduceTable table = table_of("0*2", "ring");
                                   table.machine = machine;
                                   return table;
                                 }};
      const FoundTable found = find_table(control, *files_, paths, request, test_deadline());
      EXPECT_EQ(found.table.shape, "0*2");
      if (control.world().rank == 0) result = found;
    });
    return result;
  }
  std::string in(const std::string& name) const { return join_path(dir_.path(), name); }

  std::atomic<int> measured_{0};
  testing::TempDir dir_;
  const std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(TableFilesTest, MeasuredOncePerShapeAndMachine) {
  const TableFiles paths{"", "", in("cache")};
  EXPECT_EQ(find(paths).origin, "measured");
  EXPECT_EQ(measured_, 2);
  EXPECT_THAT(find(paths).origin, HasSubstr("read from"));
  EXPECT_EQ(measured_, 2);
  EXPECT_EQ(find(paths, "another machine").origin, "measured");
  EXPECT_EQ(measured_, 4);
}

TEST_F(TableFilesTest, ARunKeepsItsOwn) {
  const TableFiles paths{"", in("run.json"), in("cache")};
  std::ignore = find(paths);
  write_atomically(*files_, in("run.json"), table_of("0*2", "hierarchical").to_json());
  const FoundTable found = find(paths, "a newer machine");
  EXPECT_EQ(found.origin, "the run's own");
  EXPECT_EQ(found.table.rows[0].algorithm, "hierarchical");
  EXPECT_EQ(measured_, 2);
  // On other ranks it can't be the same to the bit anyway.
  write_atomically(*files_, in("run.json"), table_of("0*3", "hierarchical").to_json());
  EXPECT_THAT(find(paths).origin, HasSubstr("the run's own is of other ranks: 0*3"));
  EXPECT_THAT(read_text(*files_, in("run.json")), HasSubstr("0*2"));
}

TEST_F(TableFilesTest, APinnedOneMustFit) {
  const TableFiles paths{in("pinned.json"), in("run.json"), in("cache")};
  EXPECT_THROW(std::ignore = find(paths), Error);
  write_atomically(*files_, in("pinned.json"), table_of("0*3", "ring").to_json());
  EXPECT_THROW(std::ignore = find(paths), Error);
  write_atomically(*files_, in("pinned.json"), table_of("0*2", "hierarchical").to_json());
  EXPECT_EQ(find(paths).table.rows[0].algorithm, "hierarchical");
  EXPECT_THAT(read_text(*files_, in("run.json")), HasSubstr("hierarchical"));
  EXPECT_EQ(measured_, 0);
}

TEST_F(TableFilesTest, ACacheThatCantBeUsedIsSaidAndDoneWithout) {
  const TableFiles paths{"", "", in("cache")};
  std::ignore = find(paths);
  const std::string file = join_path(in("cache"), files_->list(in("cache")).front());
  write_atomically(*files_, file, "no table");
  EXPECT_THAT(find(paths).origin, HasSubstr("is no allreduce table"));
  EXPECT_EQ(find(paths).origin, "read from " + file);  // it was replaced
  write_atomically(*files_, in("file"), "in the way");
  EXPECT_THAT(find({"", "", in("file/cache")}).origin, HasSubstr("not kept for other runs"));
}

}  // namespace
}  // namespace ringmaster::comm
