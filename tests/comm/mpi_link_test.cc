// mpirun: 3
// Rank 0 sends a segment to rank 1, which takes its time, and is to overwrite it with what rank 2
// sends. Large: MPI reads it only once the receiver is there.
#include "comm/mpi_link.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "tests/comm/mpi_suite.h"

namespace ringmaster::testing {
namespace {

constexpr std::size_t kCount = 1 << 20;

void receive(comm::MpiLink& link, const comm::Segment& segment) {
  const Deadline deadline = test_deadline();
  link.expect(segment, comm::ActionKind::kReceiveCopy);
  while (!link.try_receive(segment, comm::ActionKind::kReceiveCopy, 1)) {
    ASSERT_FALSE(deadline.passed());
    std::this_thread::yield();
  }
}

void flush(comm::MpiLink& link) {
  const Deadline deadline = test_deadline();
  while (link.unflushed_peer()) {
    ASSERT_FALSE(deadline.passed());
    std::this_thread::yield();
  }
}

void expect_that_what_is_being_sent_is_not_overwritten(comm::MpiSession& session) {
  const int rank = session.control().world().rank;
  std::vector<float> arena(kCount, static_cast<float>(rank));
  comm::MpiLink link(session.duplicate_communicator(), reinterpret_cast<std::byte*>(arena.data()),
                     comm::DType::kFloat32, std::nullopt);
  const auto segment_with = [](int peer) {
    return comm::Segment{peer, 0, kCount * sizeof(float), 0, 0, 0};
  };
  if (rank == 0) {
    link.send(segment_with(1));
    receive(link, segment_with(2));
  } else if (rank == 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    receive(link, segment_with(0));
  } else {
    link.send(segment_with(0));
  }
  flush(link);
  const float expected = rank == 1 ? 0 : 2;
  EXPECT_EQ(std::count(arena.begin(), arena.end(), expected), kCount);
  session.control().barrier(test_deadline());
}

}  // namespace
}  // namespace ringmaster::testing

int main(int argc, char** argv) {
  using namespace ringmaster::testing;
  return session_main(argc, argv, {1},
                      {{"BeingSent", expect_that_what_is_being_sent_is_not_overwritten}});
}
