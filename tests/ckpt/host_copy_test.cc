#include "ckpt/host_copy.h"

#include <algorithm>

#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "ckpt/parallel_copy.h"
#include "tests/ckpt/small_snapshot.h"

namespace ringmaster::ckpt {
namespace {

// Slots with gaps in one flat buffer, in reverse order, channels-last; and tensors of their own.
Snapshot flat_snapshot(const at::Tensor& flat) {
  Snapshot snapshot = testing::small_snapshot(1);
  snapshot.model = {{"late", flat.narrow(0, 5'000'000, 1'000'000)},
                    {"early", flat.narrow(0, 16, 3'000'000)},
                    {"nhwc", flat.as_strided({2, 3, 2, 2}, {12, 1, 6, 3}, 4'000'000)},
                    {"gathered", flat.as_strided({50, 50}, {1, 200}, 0)},
                    {"again", flat.narrow(0, 16, 100)},
                    {"own", at::full({3, 5}, 0.5)},
                    {"scalar", at::full({}, 7, at::kLong)}};
  snapshot.ema = {{"late", flat.narrow(0, 6'000'004, 4)}};
  return snapshot;
}

TEST(HostCopy, HoldsTheValuesOfTheMomentWithAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3}) {
    const at::Tensor flat = at::randn({7'000'000});
    const Snapshot live = flat_snapshot(flat);
    const Snapshot expected = flat_snapshot(flat.clone());
    HostCopy copy(threads);
    const Snapshot& held = copy.take(live);
    flat.fill_(0);
    testing::expect_same(held.model, expected.model);
    testing::expect_same(held.ema, expected.ema);
    EXPECT_EQ(held.model[2].second.strides(), expected.model[2].second.strides());
    EXPECT_EQ(held.progress, live.progress);
  }
}

TEST(HostCopy, UsesItsMemoryAgain) {
  const at::Tensor flat = at::randn({7'000'000});
  HostCopy copy(2);
  copy.reserve(std::size_t{40} << 20);
  const void* const first = copy.take(flat_snapshot(flat)).model[0].second.const_data_ptr();
  flat.add_(1);
  const Snapshot& held = copy.take(flat_snapshot(flat));
  EXPECT_EQ(held.model[0].second.const_data_ptr(), first);
  testing::expect_same(held.model, flat_snapshot(flat).model);
}

TEST(HostCopy, GrowsWithTheSnapshot) {
  HostCopy copy(2);
  (void)copy.take(testing::small_snapshot(1));
  const Snapshot live = flat_snapshot(at::randn({7'000'000}));
  testing::expect_same(copy.take(live).model, live.model);
  testing::expect_same(copy.take(testing::small_snapshot(2)), testing::small_snapshot(2));
}

TEST(ParallelCopy, CopiesEveryByteOnceWhereverTheSharesEnd) {
  std::vector<std::byte> from(20'000'003), to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 31 + i / 999);
  std::vector<CopyPiece> pieces;
  for (std::size_t at = 0; at < from.size();) {
    const std::size_t size = std::min<std::size_t>(1 + at % 3'000'000, from.size() - at);
    pieces.push_back({to.data() + at, from.data() + at, size});
    at += size;
  }
  for (const int threads : {1, 2, 4, 7}) {
    std::fill(to.begin(), to.end(), std::byte{0});
    copy_in_parallel(pieces, threads);
    EXPECT_TRUE(from == to) << threads;
  }
  copy_in_parallel({}, 4);
}

}  // namespace
}  // namespace ringmaster::ckpt
