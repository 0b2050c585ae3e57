// mpirun: 3
// News of waits and verdicts between ranks, and what the transport makes of them.
#include "comm/mpi_news.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/cluster_transport.h"
#include "tests/comm/mpi_suite.h"

namespace ringmaster::testing {
namespace {

using ::testing::HasSubstr;

// Keeps the ranks talking until `condition` holds on all of them.
void until(comm::MpiSession& session, const std::function<bool()>& condition) {
  const Deadline deadline = test_deadline();
  while (true) {
    std::int64_t open = condition() ? 0 : 1;
    session.control().all_max({&open, 1}, test_deadline());
    if (open == 0) return;
    ASSERT_FALSE(deadline.passed());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Rank 1 waits for rank 2, and rank 0 for rank 1.
void expect_waits_are_told(comm::MpiSession& session) {
  const int rank = session.control().world().rank;
  comm::MpiNews news(session.duplicate_communicator(), session.control().world());
  until(session, [&] {
    if (rank < 2) news.waiting(rank + 1);
    return rank != 0 || news.waits_for(1) == 2;
  });
  EXPECT_EQ(news.waits_for(rank), std::nullopt);
  news.going_on();
  until(session, [&] {
    if (rank == 0) news.waiting(1);
    return rank != 0 || news.waits_for(1) == std::nullopt;
  });
  session.control().barrier(test_deadline());
}

void expect_verdicts_are_told(comm::MpiSession& session) {
  const int rank = session.control().world().rank;
  comm::MpiNews news(session.duplicate_communicator(), session.control().world());
  if (rank == 0) news.give_up({ErrorKind::kTimeout, 2, "is stopped"});
  until(session, [&] {
    if (rank != 0) news.waiting(0);
    return rank == 0 || news.verdict().has_value();
  });
  if (rank != 0) {
    EXPECT_EQ(news.verdict()->rank, 2);
    EXPECT_EQ(news.verdict()->kind, ErrorKind::kTimeout);
    EXPECT_THAT(news.verdict()->what, HasSubstr("seen by rank 0 on "));
  }
  session.control().barrier(test_deadline());
}

// Rank 0 would be right to say that rank 1 keeps it waiting; but that one waits for rank 2.
void expect_the_culprit_behind_the_neighbour(comm::MpiSession& session) {
  const int rank = session.control().world().rank;
  const comm::World& world = session.control().world();
  const std::vector<int> only_me{rank};
  comm::ClusterTransport transport(
      std::make_unique<comm::SharedTransport>(
          share_memory(session.control(), only_me, 64, test_deadline()), world,
          comm::DType::kFloat32),
      world, session.duplicate_communicator(), session.duplicate_communicator(),
      comm::DType::kFloat32, std::nullopt, [] {});
  if (rank < 2) transport.begin_wait(rank + 1);
  until(session, [&] {
    EXPECT_FALSE(rank < 2 && transport.trouble(rank + 1));
    return rank != 0 || transport.blame(1).rank == 2;
  });
  if (rank < 2) transport.end_wait();
  session.control().barrier(test_deadline());
}

}  // namespace
}  // namespace ringmaster::testing

int main(int argc, char** argv) {
  using namespace ringmaster::testing;
  return session_main(argc, argv, {1},
                      {{"Waits", expect_waits_are_told},
                       {"Verdicts", expect_verdicts_are_told},
                       {"Culprit", expect_the_culprit_behind_the_neighbour}});
}
