// The engine over shared memory, with ranks as threads: the same transport, plans and waits as
// between processes, where ThreadSanitizer can see them.
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "comm/make_engine.h"
#include "tests/comm/allreduce_check.h"
#include "tests/comm/threads.h"

namespace ringmaster::comm {
namespace {

using testing::boundary_sizes;
using testing::expect_exact_sums;
using ::testing::HasSubstr;
using testing::run_ranks;
using testing::test_deadline;

EngineOptions options_for(DType type, const std::string& algorithm, std::int64_t capacity_elems) {
  EngineOptions options;
  options.dtype = type;
  options.capacity_elems = capacity_elems;
  options.algorithm = algorithm;
  options.segment_bytes = 64 * size_bytes(type);  // tiny, to have many
  options.step_deadline_s = 30;
  return options;
}

class Sums : public ::testing::TestWithParam<std::tuple<std::string, int, DType>> {};

TEST_P(Sums, EqualTheReferenceOnEveryRank) {
  const auto& [algorithm, ranks, type] = GetParam();
  run_ranks(ranks, [&, algorithm = algorithm, ranks = ranks, type = type](ControlPlane& control) {
    const auto sizes = boundary_sizes(ranks, 64);
    const auto engine = make_engine(control, nullptr, options_for(type, algorithm, 1 << 14));
    expect_exact_sums(*engine, control.world().rank, ranks, sizes, 20);
  });
}

INSTANTIATE_TEST_SUITE_P(Threads, Sums,
                         ::testing::Combine(::testing::Values("ring", "hierarchical"),
                                            ::testing::Values(1, 2, 3, 4, 5, 6, 7, 8),
                                            ::testing::Values(DType::kFloat32, DType::kFloat64,
                                                              DType::kFloat16, DType::kBFloat16,
                                                              DType::kInt32, DType::kInt64)),
                         [](const auto& sweep) {
                           return std::get<0>(sweep.param) + "_" +
                                  std::to_string(std::get<1>(sweep.param)) + "_" +
                                  name_of(std::get<2>(sweep.param));
                         });

// Finished sums are copied in another way where the arena is larger than any cache.
TEST(Engine, SumsInALargeArenaEqualTheReference) {
  for (const int ranks : {2, 3}) {
    run_ranks(ranks, [&](ControlPlane& control) {
      const auto engine =
          make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 9 << 20));
      expect_exact_sums(*engine, control.world().rank, ranks, boundary_sizes(ranks, 64), 20);
    });
  }
}

// How 4,000 elements are cut into reductions: a random number of random sizes, some of them 0.
std::vector<std::int64_t> random_split(RandomStream& random) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = 4000; left > 0; left -= sizes.back()) {
    sizes.push_back(std::min<std::int64_t>(left, random.below(1500)));
  }
  return sizes;
}

class AnyRanks : public ::testing::TestWithParam<int> {};

TEST_P(AnyRanks, AnySplitEqualsTheReference) {
  const int ranks = GetParam();
  for (const std::string algorithm : {"ring", "hierarchical"}) {
    RandomStream random(17, RandomUse::kTest, static_cast<std::uint64_t>(ranks), 0);
    std::vector<std::vector<std::int64_t>> splits;
    for (int i = 0; i < 3; ++i) splits.push_back(random_split(random));
    // Hosts of one, two and three ranks in turn.
    std::vector<std::string> hosts;
    for (int host = 0; static_cast<int>(hosts.size()) < ranks; ++host) {
      for (int i = 0; i <= host % 3 && static_cast<int>(hosts.size()) < ranks; ++i)
        hosts.push_back("host" + std::to_string(host));
    }
    run_ranks(hosts, [&](ControlPlane& control) {
      const auto engine =
          make_engine(control, nullptr, options_for(DType::kInt32, algorithm, 1 << 13));
      for (const auto& sizes : splits) {
        expect_exact_sums(*engine, control.world().rank, ranks, sizes, 2);
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, AnyRanks, ::testing::Range(1, 34));

TEST(Engine, HierarchicalOverUnevenHosts) {
  run_ranks({"a", "a", "a", "b", "b"}, [](ControlPlane& control) {
    const auto engine =
        make_engine(control, nullptr, options_for(DType::kFloat32, "hierarchical", 1 << 14));
    expect_exact_sums(*engine, control.world().rank, 5, boundary_sizes(5, 64), 10);
  });
}

// Whether all ranks are sure, after reductions of 100, 3 and 1,000 elements into which `rank` has
// put `value` at `place`.
bool all_sure(const std::string& algorithm, int ranks, int rank, std::int64_t place, float value) {
  std::atomic<int> sure = 0;
  run_ranks(ranks, [&](ControlPlane& control) {
    const auto engine =
        make_engine(control, nullptr, options_for(DType::kFloat32, algorithm, 2000));
    auto* arena = static_cast<float*>(engine->arena());
    // The first step has no bad number, the last none either: what one step found is not the next
    // one's.
    for (int step = 0; step < 3; ++step) {
      std::fill_n(arena, 1103, 1e32F);
      if (step == 1 && control.world().rank == rank) arena[place] = value;
      engine->start({0, 0, 100, 0.5, true}, nullptr);
      engine->start({1, 100, 3, 0.5}, nullptr);
      engine->start({2, 103, 1000, 0.5}, nullptr);
      engine->finish(nullptr, test_deadline());
      if (step == 1) {
        sure += engine->sure_of_finite() ? 1 : 0;
      } else {
        EXPECT_TRUE(engine->sure_of_finite()) << algorithm << ", step " << step;
      }
    }
  });
  return sure == ranks;
}

TEST(Engine, SaysWhetherTheSumsAreFinite) {
  for (const std::string algorithm : {"ring", "hierarchical"}) {
    for (const int ranks : {2, 3, 5}) {
      EXPECT_TRUE(all_sure(algorithm, ranks, 0, 0, 1.0F)) << algorithm << " " << ranks;
      for (const std::int64_t place : {0, 99, 100, 101, 102, 103, 500, 777, 1102}) {
        for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
          EXPECT_FALSE(all_sure(algorithm, ranks, static_cast<int>(place) % ranks, place, bad))
              << algorithm << ", " << ranks << " ranks, element " << place;
        }
      }
      // Only the sum is not finite.
      EXPECT_FALSE(all_sure(algorithm, ranks, 1, 640, std::numeric_limits<float>::max()));
    }
  }
}

TEST(Engine, ALoneRankDoesNotLook) {
  run_ranks(1, [](ControlPlane& control) {
    const auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 100));
    engine->start({0, 0, 100, 1.0}, nullptr);
    engine->finish(nullptr, test_deadline());
    EXPECT_FALSE(engine->sure_of_finite());
  });
}

TEST(Engine, ArenaIsAlignedAndZeroed) {
  run_ranks(2, [](ControlPlane& control) {
    const auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 5000));
    EXPECT_EQ(engine->memory(), MemoryKind::kHost);
    EXPECT_EQ(engine->capacity_elems(), 5000);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(engine->arena()) % 64, 0u);
    for (std::int64_t i = 0; i < 5000; ++i) ASSERT_TRUE(testing::is_element(*engine, i, 0));
    EXPECT_THAT(engine->describe(), HasSubstr("ring over shared memory"));
  });
}

// Inputs whose sum depends on the order of additions.
std::vector<float> reduce_rough_numbers(const std::string& algorithm, int ranks) {
  std::vector<std::vector<float>> results(static_cast<std::size_t>(ranks));
  run_ranks(ranks, [&](ControlPlane& control) {
    constexpr std::int64_t kCount = 3000;
    const auto engine =
        make_engine(control, nullptr, options_for(DType::kFloat32, algorithm, kCount));
    auto* x = static_cast<float*>(engine->arena());
    const auto rank = static_cast<std::uint64_t>(control.world().rank);
    RandomStream random(3, RandomUse::kTest, rank, 0);
    for (std::int64_t i = 0; i < kCount; ++i) {
      x[i] = static_cast<float>(random.normal() * std::pow(10, random.uniform(-4, 4)));
    }
    engine->start({0, 0, kCount, 1.0 / ranks}, nullptr);
    engine->finish(nullptr, test_deadline());
    results[rank].assign(x, x + kCount);
  });
  for (const std::vector<float>& result : results) EXPECT_EQ(result, results.front());
  return results.front();
}

TEST(Engine, SameBitsOnEveryRankAndInEveryRun) {
  for (const std::string algorithm : {"ring", "hierarchical"}) {
    for (const int ranks : {2, 3, 5}) {
      const std::vector<float> first = reduce_rough_numbers(algorithm, ranks);
      for (int run = 0; run < 5; ++run) EXPECT_EQ(reduce_rough_numbers(algorithm, ranks), first);
    }
  }
}

TEST(Engine, ScaleIsAppliedOnceForAnyNumberOfRanks) {
  for (const int ranks : {1, 2, 3, 4}) {
    for (const std::string algorithm : {"ring", "hierarchical"}) {
      run_ranks(ranks, [&](ControlPlane& control) {
        const auto engine =
            make_engine(control, nullptr, options_for(DType::kFloat32, algorithm, 1000));
        auto* x = static_cast<float*>(engine->arena());
        for (int i = 0; i < 1000; ++i) x[i] = static_cast<float>(control.world().rank + i);
        engine->start({0, 0, 1000, 0.5}, nullptr);
        engine->finish(nullptr, test_deadline());
        for (int i = 0; i < 1000; ++i) {
          ASSERT_EQ(x[i], 0.5f * static_cast<float>(ranks * i + ranks * (ranks - 1) / 2));
        }
      });
    }
  }
}

TEST(Engine, OverlappingReductionsRunOneAfterTheOther) {
  run_ranks(4, [](ControlPlane& control) {
    const auto engine = make_engine(control, nullptr, options_for(DType::kInt64, "ring", 4000));
    auto* x = static_cast<std::int64_t*>(engine->arena());
    for (int i = 0; i < 4000; ++i) x[i] = 1;
    for (std::int64_t index = 0; index < 6; ++index) engine->start({index, 0, 4000, 1}, nullptr);
    engine->finish(nullptr, test_deadline());
    for (int i = 0; i < 4000; ++i) ASSERT_EQ(x[i], 4096);  // 4^6
  });
}

TEST(Engine, HistoryHasEveryReductionInOrder) {
  std::mutex mutex;
  std::vector<Operation> told;
  run_ranks(2, [&](ControlPlane& control) {
    EngineOptions options = options_for(DType::kFloat32, "ring", 100'000);
    if (control.world().rank == 0) {
      options.on_reduced = [&](const Operation& operation) {
        const std::lock_guard lock(mutex);
        told.push_back(operation);
      };
    }
    const auto engine = make_engine(control, nullptr, options);
    for (int step = 0; step < 100; ++step) {
      for (std::int64_t index = 0; index < 3; ++index) {
        engine->start({index, 100 * index, 100, 1}, nullptr);
      }
      engine->finish(nullptr, test_deadline());
    }
    const std::vector<Operation> history = engine->history();
    ASSERT_EQ(history.size(), OpHistory::kKept);
    for (std::size_t i = 0; i < history.size(); ++i) {
      const Operation& operation = history[i];
      EXPECT_EQ(operation.number, static_cast<std::int64_t>(300 - OpHistory::kKept + i));
      EXPECT_EQ(operation.reduction, operation.number % 3);
      EXPECT_EQ(operation.offset_bytes, static_cast<std::size_t>(operation.reduction) * 400);
      EXPECT_EQ(operation.size_bytes, 400u);
      EXPECT_EQ(operation.phase, Phase::kDone);
      EXPECT_EQ(operation.peer, 1 - control.world().rank);
      EXPECT_LE(operation.queued_ns, operation.started_ns);
      EXPECT_LE(operation.started_ns, operation.done_ns);
    }
  });
  ASSERT_EQ(told.size(), 300u);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].number, static_cast<std::int64_t>(i));
  }
}

// Large ones must not wait for finish(): here nobody calls it until the reduction is done.
TEST(Engine, ReductionsRunBesideTheCaller) {
  run_ranks(3, [](ControlPlane& control) {
    const auto engine =
        make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 200'000));
    engine->start({0, 0, 200'000, 1}, nullptr);
    while (engine->history().back().phase != Phase::kDone) std::this_thread::yield();
    control.barrier(test_deadline());
    engine->finish(nullptr, test_deadline());
  });
}

// Small ones neither, once the engine has seen that there is time before finish().
TEST(Engine, SmallReductionsRunBesideACallerThatTakesItsTime) {
  run_ranks(3, [](ControlPlane& control) {
    const auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 1000));
    engine->start({0, 0, 1000, 1}, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    engine->finish(nullptr, test_deadline());
    for (int step = 0; step < 3; ++step) {
      engine->start({0, 0, 1000, 1}, nullptr);
      const Deadline deadline = test_deadline();
      while (engine->history().back().phase != Phase::kDone && !deadline.passed())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ASSERT_EQ(engine->history().back().phase, Phase::kDone) << "it waits for finish()";
      engine->finish(nullptr, test_deadline());
    }
  });
}

template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::kInternal, "");
}

TEST(Engine, ARankThatDoesNotStartIsNamedByAll) {
  run_ranks(4, [](ControlPlane& control) {
    EngineOptions options = options_for(DType::kFloat32, "ring", 10'000);
    options.step_deadline_s = 0.3;
    const auto engine = make_engine(control, nullptr, options);
    if (control.world().rank != 2) {
      engine->start({7, 0, 10'000, 1}, nullptr);
      const Error error = error_of([&] { engine->finish(nullptr, test_deadline()); });
      EXPECT_EQ(error.kind(), ErrorKind::kTimeout);
      EXPECT_THAT(error.what(), HasSubstr("rank 2 on here"));
      EXPECT_THAT(error.what(), HasSubstr("reduction 7"));
      EXPECT_EQ(engine->history().back().phase, Phase::kFailed);
    }
    control.barrier(test_deadline());
  });
}

TEST(Engine, FinishHasADeadlineOfItsOwn) {
  run_ranks(2, [](ControlPlane& control) {
    const auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 10'000));
    if (control.world().rank == 0) {
      engine->start({0, 0, 10'000, 1}, nullptr);
      const Error error = error_of(
          [&] { engine->finish(nullptr, Deadline::after(std::chrono::milliseconds(200))); });
      EXPECT_EQ(error.kind(), ErrorKind::kTimeout);
      EXPECT_THAT(error.what(), HasSubstr("rank 1 on here"));
    }
    control.barrier(test_deadline());
  });
}

TEST(Engine, ARankThatEndsItsEngineIsLost) {
  run_ranks(3, [](ControlPlane& control) {
    auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 10'000));
    if (control.world().rank == 1) {
      engine.reset();
    } else {
      engine->start({0, 0, 10'000, 1}, nullptr);
      const Error error = error_of([&] { engine->finish(nullptr, test_deadline()); });
      EXPECT_EQ(error.kind(), ErrorKind::kPeerLost);
      EXPECT_THAT(error.what(), HasSubstr("rank 1 on here"));
    }
    control.barrier(test_deadline());
  });
}

TEST(Engine, DestructionAbandonsWhatIsUnderWay) {
  run_ranks(2, [](ControlPlane& control) {
    auto engine = make_engine(control, nullptr, options_for(DType::kFloat32, "ring", 10'000));
    if (control.world().rank == 0) engine->start({0, 0, 10'000, 1}, nullptr);
    engine.reset();
  });
}

TEST(Engine, BadOptionsAreErrors) {
  const auto control = make_single_control();
  const auto kind_of = [&](const EngineOptions& options) {
    return error_of([&] { std::ignore = make_engine(*control, nullptr, options); }).kind();
  };
  EngineOptions options = options_for(DType::kFloat32, "rign", 10);
  EXPECT_EQ(kind_of(options), ErrorKind::kInvalidArgument);
  options = options_for(DType::kFloat32, "ring", -1);
  EXPECT_EQ(kind_of(options), ErrorKind::kInvalidArgument);
  options = options_for(DType::kFloat32, "ring", 10);
  options.segment_bytes = 3;
  EXPECT_EQ(kind_of(options), ErrorKind::kInvalidArgument);
  options = options_for(DType::kFloat32, "ring", 10);
  options.step_deadline_s = 0;
  EXPECT_EQ(kind_of(options), ErrorKind::kInvalidArgument);
  options = options_for(DType::kFloat32, "mpi", 10);
  EXPECT_EQ(kind_of(options), ErrorKind::kNotSupported);
}

TEST(Engine, ReductionsOutsideTheArenaAreBugs) {
  const auto control = make_single_control();
  const auto engine = make_engine(*control, nullptr, options_for(DType::kInt32, "auto", 10));
  for (const Reduction& wrong : {Reduction{0, 0, 11, 1}, Reduction{0, -1, 2, 1},
                                 Reduction{0, 11, 0, 1}, Reduction{0, 0, 10, 0.5}}) {
    EXPECT_EQ(error_of([&] { engine->start(wrong, nullptr); }).kind(), ErrorKind::kInternal);
  }
}

}  // namespace
}  // namespace ringmaster::comm
