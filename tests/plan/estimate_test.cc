#include "plan/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::plan {
namespace {

using ::testing::HasSubstr;

const Table& table() {
  static const Table parsed = parse_table(builtin_table(), "built-in");
  return parsed;
}

DataSize imagenet() {
  return {"ImageNet", 1000, 1'281'167, 50'000, 1e11, 1e10, {}};
}

PlanRequest request(const std::string& machine, std::vector<std::int64_t> nodes = {1}) {
  PlanRequest made;
  made.machines = {machine};
  made.nodes = std::move(nodes);
  made.options.precision = "bf16";
  return made;
}

std::string refusal(const PlanRequest& asked) {
  try {
    (void)make_plan(asked, table(), imagenet());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(Estimate, StepsAndRatesAreTheRuns) {
  PlanRequest asked = request("p4d");
  asked.options.schedule = "step";
  asked.options.max_lr = 0.1;
  asked.options.lr_batch = 256;
  asked.options.global_batch = 1024;
  asked.options.warmup_epochs = 5;
  const Recipe recipe = make_plan(asked, table(), imagenet()).recipe;
  EXPECT_EQ(recipe.steps_per_epoch, 1251);
  EXPECT_EQ(recipe.total_steps, 90 * 1251);
  ASSERT_EQ(recipe.rates.size(), 90u);
  EXPECT_EQ(recipe.rates[0].first, 0);
  EXPECT_DOUBLE_EQ(recipe.rates[6].last, 0.4);
  EXPECT_NEAR(recipe.rates[30].first, 0.04, 1e-12);
  EXPECT_NEAR(recipe.rates[89].last, 0.0004, 1e-12);
  EXPECT_DOUBLE_EQ(recipe.peak_rate, 0.4);
}

TEST(Estimate, SpeedMemoryAndCostOfTheReference) {
  PlanRequest asked = request("p4d", {1, 4});
  asked.options.global_batch = 2048;
  const Plan plan = make_plan(asked, table(), imagenet());
  const Row& one = plan.rows[0];
  const Machine& machine = table().machines.at("p4d");
  EXPECT_EQ(one.ranks, 8);
  EXPECT_EQ(one.rank_batch, 256);
  EXPECT_NEAR(one.compute_s, 256 / machine.images_per_second.at("bf16").value, 1e-9);
  // A ring of 8: 7/4 of 25.6 million parameters and 53 thousand statistics, as float32.
  EXPECT_NEAR(one.comm_bytes, 1.75 * 4 * (25'557'032 + 53'120), 1);
  EXPECT_NEAR(one.dollars, one.total_s / 3600 * machine.price_per_hour.value, 1e-6);
  EXPECT_GT(one.memory_gb, 5);
  EXPECT_LT(one.memory_gb, 40);
  const Row& four = plan.rows[1];
  EXPECT_EQ(four.rank_batch, 64);
  EXPECT_GT(four.comm_s, one.comm_s);
  EXPECT_LT(four.total_s, one.total_s);
  EXPECT_FALSE(one.assumptions.empty());
}

TEST(Estimate, SaysWhichMicroBatchFits) {
  PlanRequest asked = request("p3");
  asked.options.precision = "fp32";
  asked.options.global_batch = 2048;
  const Row row = make_plan(asked, table(), imagenet()).rows[0];
  EXPECT_GT(row.memory_gb, row.memory_limit_gb);
  ASSERT_TRUE(row.fitting_micro_batch.has_value());
  asked.options.micro_batch = *row.fitting_micro_batch;
  const Row fits = make_plan(asked, table(), imagenet()).rows[0];
  EXPECT_LE(fits.memory_gb, fits.memory_limit_gb);
  EXPECT_EQ(fits.micro_batches, 512 / *row.fitting_micro_batch);
  EXPECT_EQ(fits.comm_bytes, row.comm_bytes);
}

TEST(Estimate, ImagesThatGrowCostTheirMean) {
  PlanRequest asked = request("p4d");
  asked.options.epochs = 16;
  asked.options.image_size = 192;
  const double full = make_plan(asked, table(), imagenet()).recipe.gmacs;
  asked.options.augmentation.min_image_size = 160;
  asked.options.augmentation.resize_start_epoch = 11;
  asked.options.augmentation.resize_end_epoch = 13;
  const Recipe recipe = make_plan(asked, table(), imagenet()).recipe;
  EXPECT_LT(recipe.gmacs, full);
  EXPECT_EQ(recipe.rates[11].image_size, 160);
  EXPECT_EQ(recipe.rates[13].image_size, 192);
}

// The errors are those of a training run.
TEST(Estimate, RefusesWhatTrainingRefuses) {
  PlanRequest asked = request("p4d");
  asked.options.global_batch = 100;
  EXPECT_THAT(refusal(asked), HasSubstr("global_batch 100 can't be dealt to 8 ranks"));
  asked.options.global_batch = 256;
  asked.options.micro_batch = 3;
  EXPECT_THAT(refusal(asked), HasSubstr("micro_batch = 3 does not divide"));
  asked.options.micro_batch = 0;
  asked.options.schedule = "step";
  asked.options.milestones = "30,x";
  EXPECT_THAT(refusal(asked), HasSubstr("milestones = 30,x"));
  asked.options.milestones = "60,30";
  EXPECT_THAT(refusal(asked), HasSubstr("milestones = 60,30: they must rise"));
  asked.options.milestones = "30,60";
  asked.options.eval_resize = 100;
  EXPECT_THAT(refusal(asked), HasSubstr("eval_resize = 100"));
  EXPECT_THAT(refusal(request("p3")), HasSubstr("precision = bf16"));
  asked = request("g5");
  asked.options.device = "cpu";
  EXPECT_THAT(refusal(asked), HasSubstr("device = cpu"));
  asked.options.device = "auto";
  asked.options.order = "sharded";
  DataSize data = imagenet();
  data.train_images = 3000;
  data.shard_sizes = {1000, 1000, 1000};
  EXPECT_THROW((void)make_plan(asked, table(), data), Error);
}

TEST(Estimate, OneMachineThatCanNotDoesNotSpoilTheOthers) {
  PlanRequest asked = request("p3");
  asked.machines = {"p3", "p4d"};
  const Plan plan = make_plan(asked, table(), imagenet());
  EXPECT_THAT(plan.rows[0].refusal, HasSubstr("bf16"));
  EXPECT_EQ(plan.rows[1].refusal, "");
}

}  // namespace
}  // namespace ringmaster::plan
