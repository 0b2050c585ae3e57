// Plans are walked here without a thread or a wire: ranks take turns in a random order, and a
// receiver reads the sender's memory as it is at that moment, as shared memory does. So a plan that
// overwrites what a peer may still read gives wrong sums here.
#include "comm/plan.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include "base/philox.h"
#include "comm/hierarchical_plan.h"
#include "comm/ring_plan.h"

namespace ringmaster::comm {
namespace {

using PlanOf = std::function<Plan(int rank)>;

class Simulation {
 public:
  Simulation(int ranks, std::int64_t count_elems, const PlanOf& plan_of, std::uint64_t seed)
      : random_(seed, RandomUse::kTest, 0, 0), at_(static_cast<std::size_t>(ranks)) {
    for (int rank = 0; rank < ranks; ++rank) {
      plans_.push_back(plan_of(rank));
      std::vector<double>& x = memory_.emplace_back();
      for (std::int64_t i = 0; i < count_elems; ++i) x.push_back(input(rank, i));
    }
  }

  // Powers of two by rank, so that a sum says which ranks are in it and how often.
  static double input(int rank, std::int64_t i) {
    return static_cast<double>(i % 7 + 1) * std::ldexp(1.0, rank);
  }

  void run() {
    std::vector<std::size_t> active(plans_.size());
    std::iota(active.begin(), active.end(), 0);
    std::erase_if(active, [&](std::size_t rank) { return plans_[rank].empty(); });
    while (!active.empty()) {
      // Any rank that can go on may be the next.
      std::vector<std::size_t> ready;
      for (const std::size_t rank : active) {
        if (can_go(rank)) ready.push_back(rank);
      }
      ASSERT_FALSE(ready.empty()) << "the plans wait for each other";
      const std::size_t rank = ready[random_.below(static_cast<std::uint32_t>(ready.size()))];
      const std::uint32_t burst = 1 + random_.below(8);
      for (std::uint32_t i = 0; i < burst && can_go(rank); ++i) ASSERT_NO_FATAL_FAILURE(go(rank));
      std::erase_if(active, [&](std::size_t r) { return at_[r] == plans_[r].size(); });
    }
    for (const auto& [pair, sent] : wires_) {
      EXPECT_TRUE(sent.empty()) << "sent and not received";
    }
  }

  const std::vector<double>& result(int rank) const {
    return memory_[static_cast<std::size_t>(rank)];
  }

 private:
  std::deque<Action>& wire(int from, int to) { return wires_[{from, to}]; }

  bool can_go(std::size_t rank) {
    if (at_[rank] == plans_[rank].size()) return false;
    const Action& action = plans_[rank][at_[rank]];
    return action.kind == ActionKind::kSend || !wire(action.peer, static_cast<int>(rank)).empty();
  }

  void go(std::size_t rank) {
    const Action& action = plans_[rank][at_[rank]++];
    const int me = static_cast<int>(rank);
    if (action.kind == ActionKind::kSend) {
      wire(me, action.peer).push_back(action);
      return;
    }
    const Action sent = wire(action.peer, me).front();
    wire(action.peer, me).pop_front();
    ASSERT_EQ(sent.step, action.step);
    ASSERT_EQ(sent.segment, action.segment);
    ASSERT_EQ(sent.offset_elems, action.offset_elems);
    ASSERT_EQ(sent.count_elems, action.count_elems);
    ASSERT_GT(action.count_elems, 0);
    const std::vector<double>& from = memory_[static_cast<std::size_t>(action.peer)];
    std::vector<double>& to = memory_[rank];
    for (std::int64_t k = 0; k < action.count_elems; ++k) {
      const auto i = static_cast<std::size_t>(action.offset_elems + k);
      ASSERT_LT(i, to.size());
      if (action.kind == ActionKind::kReceiveCopy) to[i] = from[i];
      if (action.kind != ActionKind::kReceiveCopy) to[i] += from[i];
      if (action.kind == ActionKind::kReceiveAddScale) to[i] *= 0.5;
    }
  }

  RandomStream random_;
  std::vector<Plan> plans_;
  std::vector<std::size_t> at_;
  std::vector<std::vector<double>> memory_;
  std::map<std::pair<int, int>, std::deque<Action>> wires_;
};

void expect_sums(int ranks, std::int64_t count_elems, const PlanOf& plan_of, std::uint64_t seed) {
  Simulation simulation(ranks, count_elems, plan_of, seed);
  ASSERT_NO_FATAL_FAILURE(simulation.run());
  for (int rank = 0; rank < ranks; ++rank) {
    for (std::int64_t i = 0; i < count_elems; ++i) {
      double sum = 0;
      for (int other = 0; other < ranks; ++other) sum += Simulation::input(other, i);
      ASSERT_EQ(simulation.result(rank)[static_cast<std::size_t>(i)], 0.5 * sum)
          << "rank " << rank << ", element " << i;
    }
  }
}

std::vector<std::int64_t> sizes_around(std::int64_t ranks, const Cut& cut) {
  std::vector<std::int64_t> sizes{0, 1, ranks - 1, ranks, ranks + 1};
  for (const std::int64_t chunk : {cut.align_elems, cut.segment_elems, 3 * cut.segment_elems}) {
    for (const std::int64_t off : {-1, 0, 1}) sizes.push_back(ranks * chunk + off);
  }
  return sizes;
}

TEST(Chunks, CoverEverythingOnceAndAreAligned) {
  for (int parts = 1; parts <= 33; ++parts) {
    for (const std::int64_t count : {0, 1, 15, 16, 17, 100, 1000, 25'557'032}) {
      std::int64_t end = 0;
      for (int index = 0; index < parts; ++index) {
        const Range range = chunk_range(count, parts, index, 16);
        EXPECT_EQ(range.begin, end);
        EXPECT_LE(range.begin, range.end);
        EXPECT_TRUE(range.begin % 16 == 0 || range.begin == count);
        end = range.end;
      }
      EXPECT_EQ(end, count);
      EXPECT_LE(chunk_range(count, parts, 0, 16).size(), (count + parts - 1) / parts + 15);
    }
  }
}

TEST(Chunks, SegmentsCoverTheirChunk) {
  const Cut cut{4, 10};
  EXPECT_EQ(segments_of({5, 5}, cut), 0);
  EXPECT_EQ(segments_of({5, 15}, cut), 1);
  EXPECT_EQ(segments_of({5, 16}, cut), 2);
  EXPECT_EQ(segment_range({5, 16}, 0, cut), (Range{5, 15}));
  EXPECT_EQ(segment_range({5, 16}, 1, cut), (Range{15, 16}));
}

TEST(RingPlan, SumsOnEveryRank) {
  for (int ranks = 2; ranks <= 33; ++ranks) {
    for (const Cut cut : {Cut{1, 3}, Cut{4, 8}}) {
      for (const std::int64_t count : sizes_around(ranks, cut)) {
        SCOPED_TRACE(::testing::Message() << ranks << " ranks, " << count << " elements");
        ASSERT_NO_FATAL_FAILURE(expect_sums(
            ranks, count, [&](int rank) { return ring_plan(ranks, rank, count, cut); },
            static_cast<std::uint64_t>(count)));
      }
    }
  }
}

TEST(RingPlan, OneRankHasNothingToDo) {
  EXPECT_TRUE(ring_plan(1, 0, 1000, {16, 64}).empty());
}

TEST(RingPlan, SendsOnlyToTheNextAndNoMoreThanTheBound) {
  constexpr int kRanks = 5;
  constexpr std::int64_t kCount = 5 * 64;
  for (int rank = 0; rank < kRanks; ++rank) {
    std::int64_t sent = 0;
    for (const Action& action : ring_plan(kRanks, rank, kCount, {16, 16})) {
      if (action.kind != ActionKind::kSend) {
        EXPECT_EQ(action.peer, (rank + kRanks - 1) % kRanks);
        continue;
      }
      EXPECT_EQ(action.peer, (rank + 1) % kRanks);
      sent += action.count_elems;
    }
    EXPECT_EQ(sent, 2 * (kRanks - 1) * kCount / kRanks);
  }
}

std::vector<std::string> hosts_of(const std::vector<int>& sizes) {
  std::vector<std::string> hosts;
  for (std::size_t host = 0; host < sizes.size(); ++host) {
    hosts.insert(hosts.end(), static_cast<std::size_t>(sizes[host]), "h" + std::to_string(host));
  }
  return hosts;
}

TEST(HierarchicalPlan, SumsOnEveryRankForAnyGroups) {
  const std::vector<std::vector<int>> shapes = {{1},       {2},       {3},          {8},
                                                {1, 1},    {2, 2},    {3, 2},       {1, 4},
                                                {4, 4, 4}, {2, 3, 1}, {8, 8, 8, 8}, {5, 7}};
  const Cut cut{4, 8};
  for (const std::vector<int>& shape : shapes) {
    const std::vector<std::string> hosts = hosts_of(shape);
    const int ranks = static_cast<int>(hosts.size());
    if (ranks == 1) continue;
    for (const std::int64_t count : sizes_around(ranks, cut)) {
      SCOPED_TRACE(::testing::Message() << ::testing::PrintToString(shape) << ", " << count);
      ASSERT_NO_FATAL_FAILURE(expect_sums(
          ranks, count, [&](int rank) { return hierarchical_plan(hosts, rank, count, cut); },
          static_cast<std::uint64_t>(count) + 1));
    }
  }
}

TEST(HierarchicalPlan, RanksOfAHostNeedNotBeNeighbours) {
  const std::vector<std::string> hosts = {"a", "b", "a", "c", "b", "c", "a"};
  expect_sums(
      7, 1000,
      [&](int rank) {
        return hierarchical_plan(hosts, rank, 1000, {16, 64});
      },
      1);
}

TEST(HierarchicalPlan, OnlyRingsCrossHosts) {
  const std::vector<std::string> hosts = hosts_of({4, 4});
  constexpr std::int64_t kCount = 4 * 64;
  std::int64_t crossed = 0;
  for (int rank = 0; rank < 8; ++rank) {
    for (const Action& action : hierarchical_plan(hosts, rank, kCount, {16, 16})) {
      if (action.kind != ActionKind::kSend) continue;
      if (hosts[static_cast<std::size_t>(action.peer)] == hosts[static_cast<std::size_t>(rank)])
        continue;
      EXPECT_EQ(action.peer % 4, rank % 4);
      crossed += action.count_elems;
    }
  }
  EXPECT_EQ(crossed, 2 * kCount);  // each of two hosts sends every element once: 2 (n - 1) / n
}

}  // namespace
}  // namespace ringmaster::comm
