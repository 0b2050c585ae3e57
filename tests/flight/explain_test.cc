#include "flight/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::flight {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kSecond = 1'000'000'000;

// A rank of `ranks` in its 18th step: four reductions done, the fifth waits for `peer` since 2 s.
Record waiting(int rank, int ranks, int peer) {
  Record record;
  record.rank = rank;
  record.ranks = ranks;
  record.host = "node" + std::to_string(rank);
  record.step = 17;
  record.doing = "ring wait";
  record.error_kind = name_of(ErrorKind::kTimeout);
  record.error = "did not come";
  record.clock_ns = 100 * kSecond;
  record.reductions = {"bn1.running_mean", "fc.bias ... layer4.2.bn3.weight", "conv1.weight"};
  for (std::int64_t number = 0; number < 5; ++number) {
    comm::Operation operation;
    operation.number = number;
    operation.reduction = number % 3;
    operation.size_bytes = 1'500'000;
    operation.peer = (rank + 1) % ranks;
    operation.phase = comm::Phase::kDone;
    operation.started_ns = (90 + number) * kSecond;
    record.operations.push_back(operation);
  }
  comm::Operation& last = record.operations.back();
  last.phase = comm::Phase::kFailed;
  last.peer = peer;
  last.started_ns = 98 * kSecond;
  return record;
}

TEST(Explain, ARankWithoutARecordIsTheCulprit) {
  const Explanation found = explain({waiting(0, 4, 3), waiting(1, 4, 2), waiting(3, 4, 2)});
  EXPECT_EQ(found.culprit, 2);
  EXPECT_THAT(found.sentence, HasSubstr("rank 2 left no record"));
  EXPECT_THAT(found.sentence, HasSubstr("waited 2.0 s for"));
  EXPECT_THAT(found.sentence, HasSubstr("bucket 1 (1.50 MB: fc.bias ... layer4.2.bn3.weight)"));
  EXPECT_THAT(found.sentence, HasSubstr("step 18"));
  ASSERT_EQ(found.ranks.size(), 4u);
  EXPECT_FALSE(found.ranks[2].has_record);
  EXPECT_EQ(found.ranks[3].waits_for, 2);
}

TEST(Explain, QuotesWhoWaitsForTheCulpritAndNotWhoWaitedLongest) {
  Record indirect = waiting(0, 3, 2);
  indirect.operations.back().started_ns = 90 * kSecond;
  const Explanation found = explain({indirect, waiting(2, 3, 1)});
  EXPECT_THAT(found.sentence, HasSubstr("rank 2 on node2 waited 2.0 s for it in"));
}

TEST(Explain, OfSeveralSilentRanksTheOneThatOthersWaitFor) {
  const Explanation found = explain({waiting(0, 4, 3), waiting(1, 4, 3)});
  EXPECT_EQ(found.culprit, 3);
  EXPECT_THAT(found.sentence, HasSubstr("(so did rank 2)"));
}

TEST(Explain, AnErrorOfItsOwnComesFirst) {
  Record broken = waiting(1, 4, 2);
  broken.error_kind = name_of(ErrorKind::kBadData);
  broken.error = "shard 7 is damaged";
  broken.doing = "data wait";
  const Explanation found = explain({waiting(0, 4, 1), broken, waiting(3, 4, 1)});
  EXPECT_EQ(found.culprit, 1);
  EXPECT_THAT(found.sentence, HasSubstr("rank 1 on node1 broke off by itself, in its data wait"));
  EXPECT_THAT(found.sentence, HasSubstr("shard 7 is damaged"));
}

TEST(Explain, WhoHasBegunFewerIsBehind) {
  Record late = waiting(2, 3, 0);
  late.operations.pop_back();
  late.doing = "forward";
  const Explanation found = explain({waiting(0, 3, 2), waiting(1, 3, 0), late});
  EXPECT_EQ(found.culprit, 2);
  EXPECT_THAT(found.sentence, HasSubstr("had begun 4 reductions where others had begun 5"));
  EXPECT_THAT(found.sentence, HasSubstr("in its forward"));
}

TEST(Explain, WhoStoodStillAndWokeUpIsWhomTheErrorsName) {
  Record late = waiting(1, 3, 0);
  late.error =
      "rank 1 on node1 did not come in time (seen by another rank of this host); rank 1 ...";
  Record first = waiting(0, 3, 2), second = waiting(2, 3, 1);
  first.error = "rank 1 on node1 is stopped (process 12); rank 0 on node0 waited 4 s for data of";
  second.error = first.error;
  const Explanation found = explain({first, late, second});
  EXPECT_EQ(found.culprit, 1);
  EXPECT_THAT(found.sentence,
              HasSubstr("rank 1 on node1 is stopped (process 12); rank 2 on node2"));
  second.error = "rank 0 on node0 did not answer; ...";
  EXPECT_EQ(explain({first, late, second}).culprit, -1);  // they don't agree: a circle
}

TEST(Explain, AQueuedOperationHasNotBegun) {
  Record late = waiting(1, 2, 0);
  late.operations.back().phase = comm::Phase::kQueued;
  EXPECT_EQ(explain({waiting(0, 2, 1), late}).culprit, 1);
}

TEST(Explain, RanksThatReduceDifferentSizes) {
  Record other = waiting(1, 2, 0);
  other.operations[3].size_bytes = 99;
  const Explanation found = explain({waiting(0, 2, 1), other});
  EXPECT_EQ(found.culprit, 1);
  EXPECT_THAT(found.sentence, HasSubstr("operation 3 has 99 bytes there and 1500000 here"));
}

TEST(Explain, TheEndOfTheChainOfWaits) {
  Record idle = waiting(2, 3, 0);
  idle.operations.back().phase = comm::Phase::kDone;
  idle.doing = "agree";
  const Explanation found = explain({waiting(0, 3, 1), waiting(1, 3, 2), idle});
  EXPECT_EQ(found.culprit, 2);
  EXPECT_THAT(found.sentence, HasSubstr("waited for nobody"));
}

TEST(Explain, ACircleOfWaitsIsTheNetwork) {
  const Explanation found = explain({waiting(0, 2, 1), waiting(1, 2, 0)});
  EXPECT_EQ(found.culprit, -1);
  EXPECT_THAT(found.sentence, HasSubstr("network"));
}

TEST(Explain, RecordsOfDifferentRunsAreRefused) {
  EXPECT_THROW(std::ignore = explain({waiting(0, 2, 1), waiting(1, 3, 2)}), Error);
  EXPECT_THROW(std::ignore = explain({waiting(0, 2, 1), waiting(0, 2, 1)}), Error);
}

TEST(ReadRecords, TakesTheNewestAttemptOfARun) {
  const testing::TempDir run;
  const auto files = posix_file_system();
  for (const char* attempt : {"20261123T100000Z", "20261123T110000Z"}) {
    const std::string folder = run.path() + "/" + kFolder + "/" + attempt;
    files->make_dirs(folder);
    Record record = waiting(0, 2, 1);
    record.host = attempt;
    write_atomically(*files, folder + "/" + file_name(0), to_json(record));
  }
  const auto newest = read_records(*files, run.path());
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].host, "20261123T110000Z");
  EXPECT_EQ(newest[0].operations.size(), 5u);
  EXPECT_EQ(newest[0].operations[4].peer, 1);
  EXPECT_EQ(to_json(newest[0]),
            read_text(*files, run.path() + "/" + kFolder + "/20261123T110000Z/rank000.json"));
  const auto older = read_records(*files, run.path() + "/" + kFolder + "/20261123T100000Z");
  EXPECT_EQ(older[0].host, "20261123T100000Z");
}

TEST(Record, EveryFieldComesBack) {
  Record record{3, 4, "h", 5, 6, "d", "k", "e", "g", 7.5, 8, {"r", "s"}, {}};
  record.operations.push_back({9, 1, 10, 11, comm::Phase::kRunning, 12, 13, 14, 15, 16, 17});
  const Record back = parse_record(to_json(record), "here");
  EXPECT_EQ(
      std::tie(back.rank, back.ranks, back.host, back.process, back.step, back.doing),
      std::tie(record.rank, record.ranks, record.host, record.process, record.step, record.doing));
  EXPECT_EQ(
      std::tie(back.error_kind, back.error, back.engine, back.time, back.clock_ns, back.reductions),
      std::tie(record.error_kind, record.error, record.engine, record.time, record.clock_ns,
               record.reductions));
  ASSERT_EQ(back.operations.size(), 1u);
  const comm::Operation &a = back.operations[0], &b = record.operations[0];
  EXPECT_EQ(std::tie(a.number, a.reduction, a.offset_bytes, a.size_bytes, a.phase),
            std::tie(b.number, b.reduction, b.offset_bytes, b.size_bytes, b.phase));
  EXPECT_EQ(std::tie(a.step, a.segment, a.peer, a.queued_ns, a.started_ns, a.done_ns),
            std::tie(b.step, b.segment, b.peer, b.queued_ns, b.started_ns, b.done_ns));
  std::string unknown = to_json(record);
  unknown.replace(unknown.find("running"), 7, "resting");
  EXPECT_THROW(std::ignore = parse_record(unknown, "here"), Error);
}

TEST(ReadRecords, SaysWhatIsNotThere) {
  const testing::TempDir run;
  const auto files = posix_file_system();
  EXPECT_THROW(std::ignore = read_records(*files, run.path()), Error);
  EXPECT_THROW(std::ignore = read_records(*files, run.path() + "/nowhere"), Error);
  write_atomically(*files, run.path() + "/rank000.json", "{\"rank\": 0}");
  EXPECT_THROW(std::ignore = read_records(*files, run.path()), Error);
}

TEST(ToText, HasALineForEveryRank) {
  const std::string text = to_text(explain({waiting(0, 3, 2), waiting(1, 3, 2)}));
  EXPECT_THAT(text, HasSubstr("   0  node0"));
  EXPECT_THAT(text, HasSubstr("   2  left no record"));
  EXPECT_THAT(text, HasSubstr("#4 bucket 1 (1.50 MB): failed"));
  EXPECT_THAT(text, Not(HasSubstr("rank 3")));
}

}  // namespace
}  // namespace ringmaster::flight
