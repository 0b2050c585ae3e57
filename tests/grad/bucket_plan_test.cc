#include "grad/bucket_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::grad {
namespace {

std::vector<TensorSize> sizes(std::initializer_list<std::int64_t> counts) {
  std::vector<TensorSize> tensors;
  for (const auto count : counts) tensors.push_back({"p" + std::to_string(tensors.size()), count});
  return tensors;
}

// What every plan must be: each slot in exactly one bucket, buckets side by side in order, all of
// the gradient range covered.
void expect_sound(const BucketPlan& plan) {
  std::int64_t at = 0;
  for (std::size_t b = 0; b < plan.buckets.size(); ++b) {
    EXPECT_EQ(plan.buckets[b].offset_elems, at) << "bucket " << b;
    at += plan.buckets[b].count_elems;
  }
  EXPECT_EQ(at, plan.total_elems);
  std::size_t slot = 0;
  for (std::size_t b = plan.has_statistics ? 1 : 0; b < plan.buckets.size(); ++b) {
    const Bucket& bucket = plan.buckets[b];
    EXPECT_EQ(bucket.first_slot, slot);
    EXPECT_LT(bucket.first_slot, bucket.last_slot);
    for (; slot < bucket.last_slot; ++slot) {
      const Slot& placed = plan.parameters[slot];
      EXPECT_GE(placed.offset_elems, bucket.offset_elems);
      EXPECT_LE(placed.offset_elems + placed.count_elems, bucket.offset_elems + bucket.count_elems);
      EXPECT_EQ(placed.offset_elems % 16, 0);
    }
  }
  EXPECT_EQ(slot, plan.parameters.size());
}

TEST(BucketPlan, LastParameterComesFirst) {
  const auto plan = plan_buckets(sizes({10, 20, 30}), {}, {});
  EXPECT_EQ(plan.parameters.front().name, "p2");
  EXPECT_EQ(plan.parameters.front().offset_elems, 0);
  EXPECT_EQ(plan.parameters.back().name, "p0");
  expect_sound(plan);
}

TEST(BucketPlan, StatisticsAreTheFirstBucket) {
  const auto plan = plan_buckets(sizes({10, 20}), sizes({7, 9}), {});
  ASSERT_TRUE(plan.has_statistics);
  EXPECT_EQ(plan.buckets[0].count_elems, 32);  // two slots of 16
  EXPECT_EQ(plan.gradients_offset_elems, 32);
  expect_sound(plan);
}

TEST(BucketPlan, FirstBucketIsSmallOversizeTensorsTravelAlone) {
  // 4-byte elements: first bucket 64 elements, others 256; p2 is larger than any bucket.
  const auto plan = plan_buckets(sizes({32, 96, 1000, 128, 32, 32}), {},
                                 {.bucket_bytes = 1024, .first_bucket_bytes = 256});
  expect_sound(plan);
  ASSERT_EQ(plan.buckets.size(), 4u);
  EXPECT_EQ(plan.buckets[0].count_elems, 64);
  EXPECT_EQ(plan.buckets[1].count_elems, 128);
  EXPECT_EQ(plan.buckets[2].count_elems, 1008);
  EXPECT_EQ(plan.buckets[3].count_elems, 128);
}

TEST(BucketPlan, SoundForEverySizeOfBucket) {
  const auto parameters = sizes({1, 15, 16, 17, 0, 31, 1024, 3, 5000, 64, 1});
  for (std::size_t bytes = 4; bytes < 40000; bytes = bytes * 3 / 2 + 1) {
    SCOPED_TRACE(bytes);
    const auto plan = plan_buckets(parameters, sizes({3, 3}),
                                   {.bucket_bytes = bytes, .first_bucket_bytes = bytes / 2 + 4});
    expect_sound(plan);
    EXPECT_EQ(plan.total_elems, arena_elems(parameters, sizes({3, 3})));
  }
}

TEST(BucketPlan, HashSeesNamesPlacesAndBuckets) {
  const auto base = plan_buckets(sizes({10, 20}), {}, {});
  EXPECT_EQ(base.hash(), plan_buckets(sizes({10, 20}), {}, {}).hash());
  EXPECT_NE(base.hash(), plan_buckets(sizes({10, 21}), {}, {}).hash());
  EXPECT_NE(base.hash(), plan_buckets(sizes({10}), sizes({20}), {}).hash());
  EXPECT_NE(
      base.hash(),
      plan_buckets(sizes({10, 20}), {}, {.bucket_bytes = 64, .first_bucket_bytes = 64}).hash());
  auto renamed = sizes({10, 20});
  renamed[0].name = "q";
  EXPECT_NE(base.hash(), plan_buckets(renamed, {}, {}).hash());
}

TEST(BucketPlan, RefusesBucketsThatHoldNothing) {
  EXPECT_THROW((void)plan_buckets(sizes({1}), {}, {.bucket_bytes = 0}), Error);
  EXPECT_THROW((void)plan_buckets(sizes({1}), {}, {.first_bucket_bytes = 3}), Error);
}

}  // namespace
}  // namespace ringmaster::grad
