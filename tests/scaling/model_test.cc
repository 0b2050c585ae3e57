#include "scaling/model.h"

#include <tuple>

#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::scaling {
namespace {

constexpr Network kNetwork{{50e-6, 8e-9}, 1e-10};  // 50 us, 1 Gbit/s, 10 GB/s within a host

TEST(Model, CostsOfDocsRing) {
  // 4 hosts of 2: 2 * 7 messages, 2 * 7/8 of the bytes.
  EXPECT_DOUBLE_EQ(ring_s(kNetwork, {4, 2}, 8e6), 14 * 50e-6 + 2.0 * 7 / 8 * 8e6 * 8e-9);
  // 2 * 3 messages, 2 * 3/4 of the bytes between hosts, 2 * 1/2 within.
  EXPECT_DOUBLE_EQ(hierarchical_s(kNetwork, {4, 2}, 8e6),
                   6 * 50e-6 + 1.5 * 8e6 * 8e-9 + 8e6 * 1e-10);
  EXPECT_EQ(ring_s(kNetwork, {1, 1}, 8e6), 0);
  EXPECT_DOUBLE_EQ(hierarchical_s(kNetwork, {1, 4}, 8e6), ring_s(kNetwork, {1, 4}, 8e6));
}

TEST(Model, TheFitFindsTheWire) {
  std::vector<Sample> samples;
  for (const double bytes : {1e4, 1e5, 1e6, 1e7, 1e8})
    samples.push_back({{2, 1}, bytes, ring_s(kNetwork, {2, 1}, bytes)});
  const Wire wire = fit_ring(samples);
  EXPECT_NEAR(wire.alpha_s, 50e-6, 1e-9);
  EXPECT_NEAR(wire.beta_s, 8e-9, 1e-14);
  EXPECT_LT(fit_error(wire, samples), 1e-6);
  samples[4].seconds *= 1.5;
  EXPECT_GT(fit_error(fit_ring(samples), samples), 0.1);
}

TEST(Model, TheFitHasNoNegativeParts) {
  const Wire no_latency = fit_ring({{{2, 1}, 1e4, 1e-5}, {{2, 1}, 1e6, 2e-3}});
  EXPECT_EQ(no_latency.alpha_s, 0);
  EXPECT_GT(no_latency.beta_s, 0);
  const Wire only_latency = fit_ring({{{2, 1}, 1e4, 2e-3}, {{2, 1}, 1e6, 1e-3}});
  EXPECT_EQ(only_latency.beta_s, 0);
  EXPECT_GT(only_latency.alpha_s, 0);
}

TEST(Model, OneSizeTellsNothing) {
  EXPECT_THROW(std::ignore = fit_ring({{{2, 1}, 1e6, 1e-3}, {{2, 1}, 1e6, 1.1e-3}}), Error);
  EXPECT_THROW(std::ignore = fit_ring({}), Error);
}

TEST(Model, BackwardHidesCommunicationButForTheLastBucket) {
  const Gradients gradients{100e6, 16e6, 7};
  const Shape shape{2, 1};
  const double all = communication_s(kNetwork, shape, gradients, Algorithm::kRing);
  EXPECT_NEAR(all, 7 * 2 * 50e-6 + 100e6 * 8e-9, 1e-9);
  EXPECT_NEAR(exposed_s(kNetwork, shape, gradients, Algorithm::kRing, 0.3), all - 0.2, 1e-9);
  EXPECT_NEAR(exposed_s(kNetwork, shape, gradients, Algorithm::kRing, 100),
              ring_s(kNetwork, shape, 16e6), 1e-9);
  EXPECT_EQ(exposed_s(kNetwork, {1, 1}, gradients, Algorithm::kRing, 0.3), 0);
}

TEST(Model, HierarchicalWinsWhereLatencyCounts) {
  const Gradients gradients{100e6, 16e6, 7};
  const Shape large{512, 8};
  const double ring = communication_s(kNetwork, large, gradients, Algorithm::kRing);
  const double hierarchical = communication_s(kNetwork, large, gradients, Algorithm::kHierarchical);
  EXPECT_GT(ring, 2 * hierarchical);
  EXPECT_EQ(communication_s(kNetwork, large, gradients, Algorithm::kFaster), hierarchical);
}

}  // namespace
}  // namespace ringmaster::scaling
