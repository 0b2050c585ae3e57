// The tests that real ranks run under mpirun, with this machine's ranks on one host or divided into
// several: each *_test.cc that includes this is one division.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/make_engine.h"
#include "tests/comm/allreduce_check.h"

namespace ringmaster::testing {

// A test whose body gets the session that main() made.
class SessionTest : public ::testing::Test {
 public:
  using Body = std::function<void(comm::MpiSession&)>;
  SessionTest(comm::MpiSession& session, Body body) : session_(session), body_(std::move(body)) {}
  void TestBody() override { body_(session_); }

 private:
  comm::MpiSession& session_;
  Body body_;
};

inline comm::EngineOptions tiny_segments(comm::DType type, const std::string& algorithm) {
  comm::EngineOptions options;
  options.dtype = type;
  options.capacity_elems = 1 << 14;
  options.algorithm = algorithm;
  options.segment_bytes = 64 * comm::size_bytes(type);
  options.step_deadline_s = 30;
  return options;
}

inline void expect_control_plane_works(comm::MpiSession& session) {
  comm::ControlPlane& control = session.control();
  const comm::World& world = control.world();
  for (int round = 0; round < 50; ++round) {
    // Up to some 100 KB: through MPI's rendezvous too.
    const auto length = [&](int rank) { return static_cast<std::size_t>(rank * round * 1000); };
    const auto all = control.all_gather(std::string(length(world.rank), 'x'), test_deadline());
    ASSERT_EQ(all.size(), static_cast<std::size_t>(world.size));
    for (int rank = 0; rank < world.size; ++rank) {
      ASSERT_EQ(all[static_cast<std::size_t>(rank)].size(), length(rank));
    }
    const int root = round % world.size;
    ASSERT_EQ(control.broadcast("from " + std::to_string(world.rank), root, test_deadline()),
              "from " + std::to_string(root));
    std::vector<double> values{0.1 * world.rank, 1};
    double expected = 0;
    for (int rank = 1; rank < world.size; ++rank) expected += 0.1 * rank;
    control.all_sum(values, test_deadline());
    ASSERT_EQ(values[0], expected);
    ASSERT_EQ(values[1], world.size);
  }
}

inline void expect_sums(comm::MpiSession& session) {
  const comm::World& world = session.control().world();
  for (const std::string algorithm : {"ring", "hierarchical", "auto"}) {
    for (const comm::DType type :
         {comm::DType::kFloat32, comm::DType::kBFloat16, comm::DType::kInt64}) {
      const auto engine = make_engine(session.control(), &session, tiny_segments(type, algorithm));
      expect_exact_sums(*engine, world.rank, world.size, boundary_sizes(world.size, 64), 10);
    }
  }
}

inline void expect_large_segments_work(comm::MpiSession& session) {
  const comm::World& world = session.control().world();
  for (const std::string algorithm : {"ring", "hierarchical"}) {
    comm::EngineOptions options;
    options.capacity_elems = 1 << 20;
    options.algorithm = algorithm;
    options.step_deadline_s = 30;
    const auto engine = make_engine(session.control(), &session, options);
    expect_exact_sums(*engine, world.rank, world.size, {1'000'000, 3, 40'000}, 2);
  }
}

inline void expect_mpi_algorithm_works(comm::MpiSession& session) {
  const comm::World& world = session.control().world();
  for (const comm::DType type :
       {comm::DType::kFloat32, comm::DType::kFloat64, comm::DType::kInt32, comm::DType::kInt64}) {
    const auto engine = make_engine(session.control(), &session, tiny_segments(type, "mpi"));
    EXPECT_EQ(engine->describe(), "MPI_Iallreduce");
    expect_exact_sums(*engine, world.rank, world.size, boundary_sizes(world.size, 64), 5);
  }
  try {
    std::ignore =
        make_engine(session.control(), &session, tiny_segments(comm::DType::kBFloat16, "mpi"));
    ADD_FAILURE() << "MPI has no bfloat16";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotSupported);
  }
}

using SessionTests = std::vector<std::pair<const char*, SessionTest::Body>>;

// Runs them on every rank. `division`: of this machine's ranks into hosts. The exit code is that of
// the worst rank.
inline int session_main(int argc, char** argv, const comm::MpiOptions& division,
                        const SessionTests& tests) {
  ::testing::InitGoogleTest(&argc, argv);
  comm::MpiSession session(division);
  for (const auto& [name, body] : tests) {
    ::testing::RegisterTest("OverMpi", name, nullptr, nullptr, __FILE__, __LINE__,
                            [&session, body = body] { return new SessionTest(session, body); });
  }
  std::int64_t failed = RUN_ALL_TESTS();
  session.control().all_max({&failed, 1}, test_deadline());
  return failed == 0 ? 0 : 1;
}

// `expect_world` checks what came of the division.
inline int mpi_suite_main(int argc, char** argv, const comm::MpiOptions& division,
                          const SessionTest::Body& expect_world) {
  return session_main(argc, argv, division,
                      {{"World", expect_world},
                       {"ControlPlane", expect_control_plane_works},
                       {"Sums", expect_sums},
                       {"LargeSegments", expect_large_segments_work},
                       {"MpiAlgorithm", expect_mpi_algorithm_works}});
}

}  // namespace ringmaster::testing
