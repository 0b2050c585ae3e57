#include "comm/allreduce_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/thread_control.h"

namespace ringmaster::comm {
namespace {

using ::testing::HasSubstr;

AllreduceTable sample() {
  return {"0*2 1*2",
          "a machine",
          {{1024, "hierarchical", {{"ring", 20.5}, {"hierarchical", 10}}},
           {4096, "hierarchical", {{"ring", 21}, {"hierarchical", 11}}},
           {16384, "ring", {{"ring", 22}, {"hierarchical", 30}, {"mpi", 5}}}}};
}

TEST(AllreduceTable, TheRowOfTheNearestSizeDecides) {
  const AllreduceTable table = sample();
  for (const std::size_t small : {0, 1, 1024, 5000, 8191, 8192})
    EXPECT_EQ(table.algorithm_for(small), "hierarchical") << small;
  for (const std::size_t large : {8193, 16384, 1 << 30})
    EXPECT_EQ(table.algorithm_for(large), "ring") << large;
  EXPECT_EQ(table.summary(), "hierarchical up to 8 KiB, then ring");
  EXPECT_THAT(table.text(), HasSubstr("16 KiB: hierarchical 30.0 us mpi 5.0 us ring 22.0 us*"));
}

TEST(AllreduceTable, JsonHoldsAll) {
  const AllreduceTable table = AllreduceTable::from_json(sample().to_json(), "file");
  EXPECT_EQ(table.shape, "0*2 1*2");
  EXPECT_EQ(table.machine, "a machine");
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[2].size_bytes, 16384u);
  EXPECT_EQ(table.rows[2].algorithm, "ring");
  EXPECT_EQ(table.rows[0].time_us.at("ring"), 20.5);
  EXPECT_EQ(table.to_json(), sample().to_json());
}

TEST(AllreduceTable, WhatIsNoTableIsBadData) {
  AllreduceTable descending = sample();
  descending.rows[2].size_bytes = 4096;
  AllreduceTable empty = sample();
  empty.rows.clear();
  std::string newer = sample().to_json();
  newer.replace(newer.find("\"version\": 1"), 12, "\"version\": 2");
  for (const std::string& bad :
       {std::string("{"), std::string("{}"), descending.to_json(), empty.to_json(), newer}) {
    try {
      std::ignore = AllreduceTable::from_json(bad, "my.json");
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData);
      EXPECT_THAT(error.what(), HasSubstr("my.json"));
    }
  }
}

TEST(AllreduceTable, BucketsAreTheSmallestOfThoseThatWasteLittle) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  AllreduceTable table = sample();
  EXPECT_EQ(table.bucket_bytes(), std::nullopt);  // nothing as large was measured
  table.rows = {{kMiB / 4, "ring", {{"ring", 1}}},
                {kMiB, "ring", {{"ring", 126}, {"mpi", 1}}},
                {4 * kMiB, "ring", {{"ring", 500}}},
                {16 * kMiB, "ring", {{"ring", 1700}}},
                {64 * kMiB, "hierarchical", {{"ring", 9000}, {"hierarchical", 6400}}}};
  EXPECT_EQ(table.bucket_bytes(), 4 * kMiB);
  table.rows[1].time_us["ring"] = 124;
  EXPECT_EQ(table.bucket_bytes(), kMiB);
  // What is beyond 64 MiB says what is cheap, but is no bucket.
  table.rows.push_back({256 * kMiB, "ring", {{"ring", 256 * 60}}});
  EXPECT_EQ(table.bucket_bytes(), 64 * kMiB);
  table.rows[3].time_us.clear();  // a table by hand may lack times
  table.rows[4].time_us.clear();
  EXPECT_EQ(table.bucket_bytes(), kMiB);
}

TEST(AllreduceTable, ShapeSaysWhoSharesAHost) {
  EXPECT_EQ(shape_of(make_world({"x", "x", "y", "y", "y"}, 1)), "0*2 1*3");
  EXPECT_EQ(shape_of(make_world({"a", "b", "a", "b"}, 3)), "0*1 1*1 0*1 1*1");
}

TEST(AllreduceTable, TheFastestOfOursIsChosenIfClearly) {
  EXPECT_EQ(choose_fastest({{"hierarchical", 3}, {"mpi", 1}, {"ring", 2}}, ""), "ring");
  EXPECT_EQ(choose_fastest({{"hierarchical", 3}}, "ring"), "hierarchical");
  EXPECT_EQ(choose_fastest({{"hierarchical", 100}, {"ring", 95}}, ""), "ring");
  EXPECT_EQ(choose_fastest({{"hierarchical", 100}, {"ring", 95}}, "hierarchical"), "hierarchical");
  EXPECT_EQ(choose_fastest({{"hierarchical", 100}, {"ring", 85}}, "hierarchical"), "ring");
}

}  // namespace
}  // namespace ringmaster::comm
