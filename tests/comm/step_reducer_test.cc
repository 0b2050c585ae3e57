// The end of a reduction over shared memory, where ranks leave one after the other.
#include "comm/step_reducer.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/shared_transport.h"
#include "tests/comm/allreduce_check.h"
#include "tests/comm/threads.h"

namespace ringmaster::comm {
namespace {

using testing::run_ranks;
using testing::test_deadline;

constexpr std::int64_t kCount = 16;

// Rank 0 gives its elements to ranks 1 and 2.
Plan give_plan(int rank) {
  if (rank != 0) return {{ActionKind::kReceiveCopy, 0, 0, 0, 0, kCount}};
  return {{ActionKind::kSend, 1, 0, 0, 0, kCount}, {ActionKind::kSend, 2, 0, 0, 0, kCount}};
}

// Until rank 0 sleeps for `peer`, or, so that a failure there does not hang us, for two seconds.
void until_rank_0_waits_for(int peer, const SharedPage& its_page) {
  const Deadline deadline = Deadline::after(std::chrono::seconds(2));
  while (its_page.waiting_for.load() != peer && !deadline.passed()) std::this_thread::yield();
}

// Rank 1 has used what it got and has left in good order: that is no reason to give up waiting for
// rank 2.
TEST(StepReducer, SettlesWithPeersThatLeaveOneAfterTheOther) {
  run_ranks(3, [](ControlPlane& control) {
    const World& world = control.world();
    SharedMemory memory = share_memory(control, {0, 1, 2}, kCount * sizeof(float), test_deadline());
    const std::shared_ptr<Block> first = memory.blocks.front();
    const SharedPage& page_of_0 = *memory.layout.page(first->base());
    auto transport = std::make_shared<SharedTransport>(std::move(memory), world, DType::kFloat32);
    StepReducer reducer(
        std::move(transport), world, DType::kFloat32,
        [&](std::int64_t /*count*/) { return give_plan(world.rank); }, "test");
    const Patience patience(30);
    if (world.rank != 0) until_rank_0_waits_for(world.rank, page_of_0);
    reducer.reduce({0, 0, kCount, 1}, patience, [](int, int, int) {});
    reducer.settle(patience);
  });
}

}  // namespace
}  // namespace ringmaster::comm
