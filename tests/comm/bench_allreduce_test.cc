#include "comm/bench_allreduce.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/element.h"
#include "comm/make_engine.h"
#include "tests/comm/threads.h"

namespace ringmaster::comm {
namespace {

using ::testing::HasSubstr;

// An engine that forgets to add: every rank keeps its own numbers.
class IdleEngine final : public Engine {
 public:
  MemoryKind memory() const override { return MemoryKind::kHost; }
  DType dtype() const override { return DType::kFloat32; }
  void* arena() override { return arena_.data(); }
  std::int64_t capacity_elems() const override { return static_cast<std::int64_t>(arena_.size()); }
  void start(const Reduction& /*reduction*/, Stream /*producer*/) override {}
  void finish(Stream /*consumer*/, Deadline /*deadline*/) override {}
  std::string describe() const override { return "idle"; }

 private:
  std::vector<float> arena_ = std::vector<float>(1000);
};

TEST(BenchAllreduce, RowsHaveTheDefinedNumbers) {
  testing::run_ranks(3, [](ControlPlane& control) {
    EngineOptions engine_options;
    engine_options.dtype = DType::kBFloat16;
    engine_options.capacity_elems = 50'000 + bench_spare_elems();
    const auto engine = make_engine(control, nullptr, engine_options);
    BenchOptions options;
    options.sizes_bytes = {1, 1001, 100'000};
    const std::vector<BenchRow> rows = bench_allreduce(control, *engine, options);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].count_elems, 1);
    EXPECT_EQ(rows[1].count_elems, 500);
    EXPECT_EQ(rows[1].size_bytes, 1000u);
    for (const BenchRow& row : rows) {
      EXPECT_EQ(row.wrong, 0);
      EXPECT_GT(row.time_us, 0);
      EXPECT_NEAR(row.algbw_gbps, static_cast<double>(row.size_bytes) / row.time_us / 1000, 1e-9);
      EXPECT_NEAR(row.busbw_gbps, row.algbw_gbps * 4 / 3, 1e-9);
    }
    EXPECT_THAT(bench_table(rows), HasSubstr("bfloat16"));
  });
}

TEST(BenchAllreduce, CountsWrongSumsOnAllRanks) {
  testing::run_ranks(2, [](ControlPlane& control) {
    IdleEngine engine;
    BenchOptions options;
    options.sizes_bytes = {400};
    const std::vector<BenchRow> rows = bench_allreduce(control, engine, options);
    EXPECT_GT(rows[0].wrong, 50);
    EXPECT_LE(rows[0].wrong, 200);
  });
}

TEST(BenchAllreduce, ErrorsAreThoseOfFloat32) {
  testing::run_ranks(4, [](ControlPlane& control) {
    EngineOptions engine_options;
    engine_options.capacity_elems = 10'000 + bench_spare_elems();
    engine_options.algorithm = "ring";
    const auto engine = make_engine(control, nullptr, engine_options);
    BenchOptions options;
    options.sizes_bytes = {40'000};
    const BenchRow row = bench_allreduce(control, *engine, options).front();
    ASSERT_TRUE(row.error.has_value());
    EXPECT_GT(row.error->rms, 1e-9);
    EXPECT_LT(row.error->rms, 1e-7);
    EXPECT_GT(row.error->max, row.error->rms);
    EXPECT_LT(row.error->max, 1e-6);
  });
}

// Numbers that were not summed are as far from the sum as the other ranks' numbers are large.
TEST(BenchAllreduce, ErrorsSeeWhatIsMissing) {
  testing::run_ranks(2, [](ControlPlane& control) {
    IdleEngine engine;
    BenchOptions options;
    options.sizes_bytes = {3600};
    const BenchRow row = bench_allreduce(control, engine, options).front();
    EXPECT_NEAR(row.error->rms, std::sqrt(0.5), 0.05);
  });
}

TEST(BenchAllreduce, WireTableComparesWithTheSameInFull) {
  BenchRow full{"ring over x", std::nullopt, 4000, 1000, DType::kFloat32, 30, 0, 0, 0, {}};
  full.error = BenchError{2e-8, 1e-8};
  BenchRow rounded = full;
  rounded.wire = DType::kBFloat16;
  rounded.time_us = 12;
  rounded.error = BenchError{3e-2, 4e-3};
  BenchRow other = full;
  other.what = "hierarchical over x";
  other.time_us = 99;
  const std::string table = wire_table({other, full, rounded});
  EXPECT_THAT(table, ::testing::ContainsRegex(
                         "ring +4000 +bfloat16 +12.00 +30.00 +2.50 +3.0e-02 +4.0e-03 +2.0e-08"));
  EXPECT_EQ(table.find("hierarchical"), std::string::npos);
}

TEST(BenchAllreduce, ASizeThatDoesNotFitIsAnError) {
  const auto control = make_single_control();
  IdleEngine engine;
  BenchOptions options;
  options.sizes_bytes = {4000};
  EXPECT_THROW(std::ignore = bench_allreduce(*control, engine, options), Error);
}

TEST(Element, EveryTypeHoldsWholeNumbers) {
  for (const DType type : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16,
                           DType::kInt32, DType::kInt64}) {
    std::vector<std::int64_t> memory(2, -1);
    for (int value = -256; value <= 256; ++value) {
      store_element(type, memory.data(), 1, value);
      EXPECT_EQ(load_element(type, memory.data(), 1), value) << name_of(type);
    }
  }
}

TEST(Element, HalvesAreTheirBits) {
  const std::vector<std::uint16_t> bits = {0x3c00, 0x0001, 0x7c00, 0xfbff, 0x3f80};
  EXPECT_EQ(load_element(DType::kFloat16, bits.data(), 0), 1.0);
  EXPECT_EQ(load_element(DType::kFloat16, bits.data(), 1), std::ldexp(1, -24));
  EXPECT_EQ(load_element(DType::kFloat16, bits.data(), 2), INFINITY);
  EXPECT_EQ(load_element(DType::kFloat16, bits.data(), 3), -65504.0);
  EXPECT_EQ(load_element(DType::kBFloat16, bits.data(), 4), 1.0);
}

}  // namespace
}  // namespace ringmaster::comm
