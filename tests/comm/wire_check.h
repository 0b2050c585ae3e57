// What a compressed wire promises, on real ranks under mpirun however they are divided into hosts.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "comm/make_engine.h"
#include "comm/vector_add.h"
#include "tests/comm/allreduce_check.h"

namespace ringmaster::testing {

class WireCheck {
 public:
  WireCheck(comm::MpiSession& session, const std::string& algorithm, comm::DType wire)
      : session_(session), algorithm_(algorithm), wire_(wire), rounded_(engine(wire)) {}

  void run() {
    expect_that_it_is_said();
    expect_few_digits_and_the_same_on_all_ranks();
    expect_exact_reductions_in_full();
    expect_that_nothing_infinite_is_hidden();
  }

 private:
  static constexpr std::int64_t kCount = 3001;

  const comm::World& world() const { return session_.control().world(); }
  bool has_wire() const { return world().local_size < world().size; }
  bool is_half() const { return wire_ == comm::DType::kFloat16; }

  std::unique_ptr<comm::Engine> engine(std::optional<comm::DType> wire) const {
    comm::EngineOptions options;
    options.capacity_elems = kCount;
    options.algorithm = algorithm_;
    options.segment_bytes = 64 * sizeof(float);
    options.step_deadline_s = 30;
    options.wire = wire;
    // Engines that measured each for itself might differ in the order of additions.
    options.table = [](const comm::TableRequest& request) {
      return comm::AllreduceTable{
          request.shape, "", {{1024, "ring", {}}, {4096, "hierarchical", {}}}};
    };
    return make_engine(session_.control(), &session_, options);
  }

  static std::vector<float> rough(int rank) {
    RandomStream random(9, RandomUse::kTest, static_cast<std::uint64_t>(rank), 0);
    std::vector<float> x;
    for (std::int64_t i = 0; i < kCount; ++i) x.push_back(static_cast<float>(random.normal()));
    return x;
  }

  static std::vector<float> reduce(comm::Engine& engine, const std::vector<float>& input,
                                   double scale, bool exact) {
    auto* x = static_cast<float*>(engine.arena());
    std::copy(input.begin(), input.end(), x);
    engine.start({0, 0, kCount, scale, exact}, nullptr);
    engine.finish(nullptr, test_deadline());
    return {x, x + kCount};
  }

  // The same on every rank, to the bit.
  void expect_agreement(const std::vector<float>& result) {
    const auto bytes = std::as_bytes(std::span(result));
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (const std::string& other : session_.control().all_gather(text, test_deadline()))
      ASSERT_TRUE(other == text) << algorithm_ << ": ranks ended with other bits";
  }

  void expect_that_it_is_said() const {
    const std::string name = name_of(wire_);
    EXPECT_THAT(
        rounded_->describe(),
        ::testing::HasSubstr(has_wire() ? "(sent as " + name + ")" : "nothing is sent as " + name));
  }

  void expect_few_digits_and_the_same_on_all_ranks() {
    const double scale = 1.0 / world().size;
    const std::vector<float> result = reduce(*rounded_, rough(world().rank), scale, false);
    expect_agreement(result);
    std::vector<float> again = result;
    if (has_wire()) comm::wire_kernels(wire_).round(again.data(), kCount);
    EXPECT_EQ(again, result) << "more digits than the others can have got";
    std::vector<double> sums(kCount, 0), sizes(kCount, 0);
    for (int rank = 0; rank < world().size; ++rank) {
      const std::vector<float> x = rough(rank);
      for (std::size_t i = 0; i < x.size(); ++i) {
        sums[i] += scale * x[i];
        sizes[i] += scale * std::fabs(x[i]);
      }
    }
    // Every hop rounds a partial sum to nearest, and the owner the whole.
    const double half_step = is_half() ? 0x1p-11 : 0x1p-8;
    for (std::size_t i = 0; i < result.size(); ++i)
      ASSERT_NEAR(result[i], sums[i], (world().size + 1) * half_step * sizes[i] + 1e-6) << i;
  }

  void expect_exact_reductions_in_full() {
    const auto in_full = engine(std::nullopt);
    const std::vector<float> input = rough(world().rank);
    const std::vector<float> expected = reduce(*in_full, input, 0.5, false);
    EXPECT_EQ(reduce(*rounded_, input, 0.5, true), expected);
    const std::vector<float> rounded = reduce(*rounded_, input, 0.5, false);
    EXPECT_EQ(rounded == expected, !has_wire());
  }

  // Rank 0 has `value`, the others `rest`.
  std::vector<float> sum_of(float value, float rest) {
    std::vector<float> result =
        reduce(*rounded_, std::vector<float>(kCount, world().rank == 0 ? value : rest), 1, false);
    expect_agreement(result);
    return result;
  }

  void expect_that_nothing_infinite_is_hidden() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    EXPECT_THAT(sum_of(65504, 0), ::testing::Each(is_half() || !has_wire() ? 65504 : 65536));
    EXPECT_THAT(sum_of(70000, 70000),
                ::testing::Each(
                    is_half() && has_wire()
                        ? ::testing::Matcher<float>(kInfinity)
                        : ::testing::FloatNear(70000.0f * static_cast<float>(world().size),
                                               0.02f * 70000 * static_cast<float>(world().size))));
    EXPECT_THAT(sum_of(-kInfinity, 1), ::testing::Each(-kInfinity));
    EXPECT_THAT(sum_of(std::nanf(""), 1), ::testing::Each(::testing::IsNan()));
    if (world().size > 1) {
      EXPECT_THAT(sum_of(kInfinity, -kInfinity), ::testing::Each(::testing::IsNan()));
    }
  }

  comm::MpiSession& session_;
  const std::string algorithm_;
  const comm::DType wire_;
  const std::unique_ptr<comm::Engine> rounded_;
};

inline void expect_compressed_wire_works(comm::MpiSession& session) {
  for (const std::string algorithm : {"ring", "hierarchical", "auto"}) {
    for (const comm::DType wire : {comm::DType::kFloat16, comm::DType::kBFloat16})
      WireCheck(session, algorithm, wire).run();
  }
}

inline void expect_unusable_wires_are_refused(comm::MpiSession& session) {
  comm::EngineOptions options;
  options.capacity_elems = 10;
  options.wire = comm::DType::kFloat16;
  for (const auto& [algorithm, type] :
       {std::pair("mpi", comm::DType::kFloat32), std::pair("ring", comm::DType::kFloat64)}) {
    options.algorithm = algorithm;
    options.dtype = type;
    try {
      std::ignore = make_engine(session.control(), &session, options);
      ADD_FAILURE() << algorithm << " of " << name_of(type) << " can't be sent as float16";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNotSupported);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("float16"));
    }
  }
}

}  // namespace ringmaster::testing
