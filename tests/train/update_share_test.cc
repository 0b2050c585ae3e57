#include "train/update_share.h"

#include <mutex>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/comm/threads.h"

namespace ringmaster::train {
namespace {

using testing::run_ranks;

Deadline soon() {
  return Deadline::after(std::chrono::seconds(20));
}

// Tensors of 1,000 to 5,000 elements, with batch norm's statistics before the gradients.
grad::BucketPlan plan_of_five() {
  return grad::plan_buckets({{"a", 1000}, {"b", 5000}, {"c", 2000}, {"d", 3000}, {"e", 1000}},
                            {{"mean", 64}}, {});
}

void fill(const at::Tensor& flat, const optim::UpdatePart& part, float value) {
  flat.narrow(0, part.begin_elems, part.end_elems - part.begin_elems).fill_(value);
}

// Each rank writes its number into its part, 20 times over.
void expect_gathered(const std::vector<std::string>& hosts, const std::vector<int>& members) {
  run_ranks(hosts, [&](comm::ControlPlane& control) {
    const auto share = share_update(control, "ring", c10::Device(at::kCPU), plan_of_five(), soon());
    ASSERT_NE(share, nullptr);
    const comm::World& world = control.world();
    const int here = members[static_cast<std::size_t>(world.rank)];
    const grad::BucketPlan plan = plan_of_five();
    ASSERT_EQ(share->parameters().numel(), plan.total_elems - plan.gradients_offset_elems);
    EXPECT_EQ(share->parameters().abs().max().item<float>(), 0);
    control.barrier(soon());
    for (int step = 0; step < 20; ++step) {
      const auto value = static_cast<float>(100 * step + world.local_rank + 1);
      fill(share->parameters(), share->work().part, value);
      fill(share->work().momentum, share->work().part, -value);
      share->meet(soon());
      const at::Tensor all = share->parameters().clone();
      EXPECT_TRUE(at::equal(share->work().momentum, -all)) << step;
      for (int rank = 0; rank < here; ++rank) {
        const auto wanted = static_cast<float>(100 * step + rank + 1);
        EXPECT_TRUE(at::eq(all, wanted).any().item<bool>()) << step << ", of rank " << rank;
      }
      EXPECT_EQ(all.min().item<float>(), 100 * step + 1);
      EXPECT_EQ(all.max().item<float>(), 100 * step + here);
      control.barrier(soon());  // as the gradients' reduction is, before the next update
    }
  });
}

TEST(UpdateShare, PartsOfAHostsRanksComeTogether) {
  expect_gathered({"a", "a"}, {2, 2});
  expect_gathered({"a", "a", "a", "a"}, {4, 4, 4, 4});
}

TEST(UpdateShare, HostsAreApart) {
  expect_gathered({"a", "b", "a", "b", "a"}, {3, 2, 3, 2, 3});
  expect_gathered({"a", "a", "b"}, {2, 2, 1});
}

TEST(UpdateShare, IsNotMadeWhereNothingIsShared) {
  const auto made = [](const std::vector<std::string>& hosts, const char* algorithm,
                       c10::DeviceType device) {
    int count = 0;
    std::mutex mutex;
    run_ranks(hosts, [&](comm::ControlPlane& control) {
      const auto share =
          share_update(control, algorithm, c10::Device(device), plan_of_five(), soon());
      const std::lock_guard lock(mutex);
      count += share != nullptr ? 1 : 0;
    });
    return count;
  };
  EXPECT_EQ(made({"a", "a"}, "auto", at::kCPU), 2);
  EXPECT_EQ(made({"a"}, "auto", at::kCPU), 0);
  EXPECT_EQ(made({"a", "b"}, "auto", at::kCPU), 0);
  EXPECT_EQ(made({"a", "a"}, "mpi", at::kCPU), 0);
  EXPECT_EQ(made({"a", "a"}, "auto", at::kCUDA), 0);
}

TEST(UpdateShare, ARankThatDoesNotComeIsAnError) {
  run_ranks(2, [](comm::ControlPlane& control) {
    const auto share = share_update(control, "ring", c10::Device(at::kCPU), plan_of_five(), soon());
    if (control.world().rank == 1) return;
    EXPECT_THROW(share->meet(Deadline::after(std::chrono::seconds(2))), Error);
  });
}

}  // namespace
}  // namespace ringmaster::train
