#include "plan/network_cost.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::plan {
namespace {

std::int64_t elements(const std::vector<model::NamedTensor>& tensors) {
  std::int64_t count = 0;
  for (const auto& entry : tensors) count += entry.tensor.numel();
  return count;
}

TEST(NetworkCost, CountsTheModelsOwnParametersAndStatistics) {
  for (const std::string& name : model::model_names()) {
    for (const bool small : {false, true}) {
      model::ModelOptions options;
      options.name = name;
      options.classes = 7;
      options.small_input = small;
      const auto network = model::make_model(options);
      const NetworkCost cost = network_cost(options, 32);
      EXPECT_EQ(cost.parameters, elements(model::parameters(*network))) << name;
      EXPECT_EQ(cost.statistics, elements(model::statistics(*network))) << name;
    }
  }
}

// torchvision's documentation of its weights has these ("GFLOPS", which are multiply-adds).
TEST(NetworkCost, MultiplyAddsAreThePublishedOnes) {
  const struct {
    const char* name;
    double gmacs;
  } kPublished[] = {{"resnet18", 1.81},       {"resnet34", 3.66},   {"resnet50", 4.09},
                    {"resnet101", 7.80},      {"resnet152", 11.51}, {"wide_resnet50_2", 11.40},
                    {"resnext50_32x4d", 4.23}};
  for (const auto& [name, gmacs] : kPublished) {
    model::ModelOptions options;
    options.name = name;
    EXPECT_NEAR(network_cost(options, 224).macs / 1e9, gmacs, 0.006) << name;
  }
}

TEST(NetworkCost, SmallImagesThroughTheSmallStemCostMore) {
  model::ModelOptions options;
  options.name = "resnet18";
  const NetworkCost usual = network_cost(options, 28);
  options.small_input = true;
  const NetworkCost small = network_cost(options, 28);
  EXPECT_GT(small.macs, 10 * usual.macs);
  EXPECT_GT(small.saved_elems, 8 * usual.saved_elems);
  options.name = "resnet19";
  EXPECT_THROW((void)network_cost(options, 28), Error);
}

}  // namespace
}  // namespace ringmaster::plan
