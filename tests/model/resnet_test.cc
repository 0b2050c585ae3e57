#include "model/resnet.h"

#include <cmath>
#include <set>

#include <ATen/ops/equal.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::model {
namespace {

using ::testing::HasSubstr;

std::int64_t parameter_count(const std::string& name, std::int64_t classes = 1000) {
  std::int64_t count = 0;
  for (const auto& entry : parameters(*make_model({.name = name, .classes = classes})))
    count += entry.tensor.numel();
  return count;
}

at::Tensor named(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const auto& entry : tensors) {
    if (entry.name == name) return entry.tensor;
  }
  ADD_FAILURE() << "no " << name;
  return {};
}

// torchvision's numbers (`sum(p.numel() for p in model.parameters())`). The whole family's names
// and shapes are held against torchvision's own in referee_test.py.
TEST(ResNet, HasTorchvisionsParameterCounts) {
  EXPECT_EQ(parameter_count("resnet18"), 11689512);
  EXPECT_EQ(parameter_count("resnet50"), 25557032);
  EXPECT_EQ(parameter_count("resnet18", 10), 11689512 - 990 * 513);
}

TEST(ResNet, StateIsParametersAndBuffersOfEachLayerTogether) {
  const auto model = make_model({.name = "resnet18", .classes = 10});
  const auto all = state(*model);
  ASSERT_EQ(all.size(), 122u);
  const std::vector<std::string> first = {
      "conv1.weight",         "bn1.weight",      "bn1.bias",
      "bn1.running_mean",     "bn1.running_var", "bn1.num_batches_tracked",
      "layer1.0.conv1.weight"};
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(all[i].name, first[i]);
  EXPECT_EQ(all.back().name, "fc.bias");
  EXPECT_EQ(parameters(*model).size(), 62u);
  EXPECT_EQ(statistics(*model).size(), 40u);
}

TEST(ResNet, InitialWeightsAreAFunctionOfTheSeed) {
  const ModelOptions options{.name = "resnet18", .classes = 10, .seed = 5};
  const auto a = state(*make_model(options)), b = state(*make_model(options));
  ModelOptions other = options;
  other.seed = 6;
  const auto c = state(*make_model(other));
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(at::equal(a[i].tensor, b[i].tensor)) << a[i].name;
  EXPECT_FALSE(at::equal(a.front().tensor, c.front().tensor));
  EXPECT_FALSE(at::equal(a.back().tensor, c.back().tensor));
}

TEST(ResNet, ConvolutionsAreNormalWithFanOut) {
  const auto all = parameters(*make_model({.name = "resnet50"}));
  for (const auto& entry : all) {
    if (entry.tensor.dim() != 4) continue;
    const at::Tensor& weight = entry.tensor;
    const auto n = static_cast<double>(weight.numel());
    const double expected =
        std::sqrt(2.0 / static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3)));
    // Five standard errors of the mean and of the deviation.
    EXPECT_NEAR(weight.mean().item<double>(), 0, 5 * expected / std::sqrt(n)) << entry.name;
    EXPECT_NEAR(weight.std().item<double>() / expected, 1, 5 / std::sqrt(2 * n)) << entry.name;
    EXPECT_GT(weight.abs().max().item<double>(), 2.5 * expected) << entry.name;  // not uniform
  }
}

TEST(ResNet, NoTwoLayersShareNumbers) {
  const auto all = parameters(*make_model({.name = "resnet50"}));
  std::set<float> scaled;
  std::size_t layers = 0;
  for (const auto& entry : all) {
    if (entry.tensor.dim() != 4) continue;
    scaled.insert(entry.tensor.flatten()[0].item<float>() / entry.tensor.std().item<float>());
    ++layers;
  }
  EXPECT_EQ(scaled.size(), layers);
}

TEST(ResNet, BlocksOfOneParameterDiffer) {
  const auto all = parameters(*make_model({.name = "resnet18"}));
  const at::Tensor flat = named(all, "layer1.0.conv1.weight").contiguous().flatten();
  EXPECT_FALSE(at::equal(flat.narrow(0, 0, 1024), flat.narrow(0, 1024, 1024)));
}

TEST(ResNet, NormsAndHeadStartAsTorchvisions) {
  const auto all = state(*make_model({.name = "resnet50"}));
  EXPECT_EQ(named(all, "layer1.0.bn3.weight").min().item<float>(), 1);
  EXPECT_EQ(named(all, "layer1.0.bn3.bias").abs().max().item<float>(), 0);
  const double bound = 1 / std::sqrt(2048.0);
  for (const char* name : {"fc.weight", "fc.bias"}) {
    const at::Tensor tensor = named(all, name);
    EXPECT_LE(tensor.abs().max().item<double>(), bound) << name;
    EXPECT_GT(tensor.max().item<double>(), 0.98 * bound) << name;
    EXPECT_LT(tensor.min().item<double>(), -0.98 * bound) << name;
    EXPECT_NEAR(tensor.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound) << name;
  }
}

TEST(ResNet, ZeroInitResidualTouchesTheLastNormOfEachBlockOnly) {
  for (const char* name : {"resnet18", "resnet50"}) {
    const std::string last = std::string(name) == "resnet18" ? ".bn2.weight" : ".bn3.weight";
    for (const auto& entry : state(*make_model({.name = name, .zero_init_residual = true}))) {
      if (entry.name.find("bn") == std::string::npos || !entry.name.ends_with(".weight")) continue;
      const bool zero = entry.name.ends_with(last) && entry.name.rfind("layer", 0) == 0;
      EXPECT_EQ(entry.tensor.max().item<float>(), zero ? 0 : 1) << entry.name;
      EXPECT_EQ(entry.tensor.min().item<float>(), zero ? 0 : 1) << entry.name;
    }
  }
}

TEST(ResNet, SmallInputKeepsTheResolutionInItsStem) {
  const auto small = make_model({.name = "resnet18", .classes = 10, .small_input = true});
  EXPECT_EQ(named(state(*small), "conv1.weight").sizes(), at::IntArrayRef({64, 3, 3, 3}));
  EXPECT_EQ(small->forward(at::randn({2, 3, 32, 32})).sizes(), at::IntArrayRef({2, 10}));
  // 8 px: 8 -> 8 -> 4 -> 2 -> 1. The large stem would leave 1 px after layer 1 already.
  EXPECT_EQ(small->forward(at::randn({2, 3, 8, 8})).sizes(), at::IntArrayRef({2, 10}));
}

TEST(ResNet, WeightsAreChannelsLastAndAnyImageFormatIsTaken) {
  const auto model = make_model({.name = "resnet18", .classes = 10});
  EXPECT_TRUE(
      named(state(*model), "layer2.0.conv1.weight").is_contiguous(at::MemoryFormat::ChannelsLast));
  model->eval();
  const at::Tensor images = at::randn({2, 3, 64, 64});
  EXPECT_TRUE(at::equal(model->forward(images),
                        model->forward(images.contiguous(at::MemoryFormat::ChannelsLast))));
}

TEST(ResNet, TrainingModeUpdatesStatisticsAndEvaluationDoesNot) {
  const auto model = make_model({.name = "resnet18", .classes = 10});
  EXPECT_TRUE(model->is_training());
  const at::Tensor counter = named(state(*model), "layer4.1.bn2.num_batches_tracked");
  (void)model->forward(at::randn({2, 3, 64, 64}));
  EXPECT_EQ(counter.item<std::int64_t>(), 1);
  model->eval();
  EXPECT_FALSE(model->is_training());
  (void)model->forward(at::randn({2, 3, 64, 64}));
  EXPECT_EQ(counter.item<std::int64_t>(), 1);
}

TEST(ResNet, FrozenBatchNormUsesItsStatisticsAndLeavesThem) {
  const auto frozen = make_model({.name = "resnet18", .classes = 5, .freeze_batch_norm = true});
  const auto usual = make_model({.name = "resnet18", .classes = 5});
  const at::Tensor images = at::randn({2, 3, 64, 64});
  const at::Tensor before = named(state(*frozen), "bn1.running_mean").clone();
  EXPECT_TRUE(frozen->is_training());
  const at::Tensor trained = frozen->forward(images);
  EXPECT_TRUE(at::equal(named(state(*frozen), "bn1.running_mean"), before));
  EXPECT_EQ(named(state(*frozen), "bn1.num_batches_tracked").item<std::int64_t>(), 0);
  usual->eval();
  EXPECT_TRUE(at::equal(trained, usual->forward(images)));
  frozen->eval();
  frozen->train();  // as around every evaluation
  (void)frozen->forward(images);
  EXPECT_TRUE(at::equal(named(state(*frozen), "bn1.running_mean"), before));
  trained.sum().backward();
  EXPECT_TRUE(named(parameters(*frozen), "bn1.weight").grad().defined());
}

TEST(ResNet, AWatcherSeesEveryLayerInOrderUnderItsParametersName) {
  const auto model = make_model({.name = "resnet50", .classes = 5});
  std::vector<std::string> seen;
  ForwardPass pass;
  pass.watch = [&](const std::string& layer, const at::Tensor&) { seen.push_back(layer); };
  const at::Tensor images = at::randn({2, 3, 64, 64});
  (void)model->forward(images, pass);
  const std::set<std::string> names(seen.begin(), seen.end());
  EXPECT_EQ(names.size(), seen.size());
  for (const auto& entry : parameters(*model)) {
    const std::string layer = entry.name.substr(0, entry.name.rfind('.'));
    EXPECT_EQ(names.count(layer), 1u) << layer;
  }
  EXPECT_EQ(seen.front(), "conv1");
  EXPECT_EQ(seen.back(), "fc");
  const std::vector<std::string> first_block(seen.begin() + 2, seen.begin() + 11);
  EXPECT_THAT(first_block,
              ::testing::ElementsAre("layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2",
                                     "layer1.0.bn2", "layer1.0.conv3", "layer1.0.bn3",
                                     "layer1.0.downsample.0", "layer1.0.downsample.1", "layer1.0"));
}

TEST(ResNet, ABranchWithScaleZeroLeavesTheShortcut) {
  const auto model = make_model({.name = "resnet18", .classes = 5});
  model->eval();
  std::vector<at::Tensor> stem_and_first;
  ForwardPass pass;
  pass.branch_scales = at::ones({model->blocks(), 2});
  pass.branch_scales[0][1] = 0;
  pass.watch = [&](const std::string& layer, const at::Tensor& output) {
    if (layer == "bn1" || layer == "layer1.0") stem_and_first.push_back(output.clone());
  };
  (void)model->forward(at::randn({2, 3, 64, 64}), pass);
  const at::Tensor pooled = at::max_pool2d(stem_and_first[0].relu(), 3, 2, 1);
  EXPECT_TRUE(at::equal(stem_and_first[1][1], pooled[1]));
  EXPECT_FALSE(at::equal(stem_and_first[1][0], pooled[0]));
}

TEST(ResNet, AnUnknownNameIsRefusedWithTheNearest) {
  const auto message = [](const ModelOptions& options) -> std::string {
    try {
      (void)make_model(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message({.name = "resnet51"}), HasSubstr("did you mean resnet50"));
  EXPECT_THAT(message({.name = "wide_resnet"}), HasSubstr("did you mean wide_resnet50_2"));
  EXPECT_THAT(message({.classes = 0}), HasSubstr("classes = 0"));
}

}  // namespace
}  // namespace ringmaster::model
