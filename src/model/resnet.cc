#include "model/resnet.h"

#include <array>
#include <string_view>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/flatten.h>
#include <ATen/ops/max_pool2d.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "base/check.h"
#include "model/architecture.h"
#include "model/blur_pool.h"
#include "model/init.h"
#include "model/residual_block.h"

namespace ringmaster::model {
namespace {

constexpr std::int64_t kStemChannels = 64;
constexpr std::array<const char*, 4> kStageNames = {"layer1", "layer2", "layer3", "layer4"};

torch::nn::Conv2d stem(bool small_input) {
  torch::nn::Conv2dOptions options(3, kStemChannels, small_input ? 3 : 7);
  options.stride(small_input ? 1 : 2).padding(small_input ? 1 : 3).bias(false);
  return torch::nn::Conv2d(options);
}

// layer1 ... layer4: blocks of one resolution.
class Stage final : public torch::nn::Module {
 public:
  Stage(const Architecture& architecture, std::int64_t inputs, std::int64_t planes,
        std::int64_t depth, std::int64_t stride, BlurPool blur) {
    for (std::int64_t i = 0; i < depth; ++i) {
      const auto block =
          make_block(architecture, i == 0 ? inputs : planes * expansion(architecture), planes,
                     i == 0 ? stride : 1, blur);
      blocks_.push_back(register_module(std::to_string(i), block));
    }
  }
  // `name`: "layer2". `first_block`: how many of the network's blocks come before.
  at::Tensor forward(at::Tensor x, const ForwardPass& pass, const char* name,
                     std::int64_t first_block) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      BlockPass block{pass, pass.watch ? join_text(name, ".", i) : "", {}};
      if (pass.branch_scales.defined()) {
        const at::Tensor scales = pass.branch_scales[first_block + static_cast<std::int64_t>(i)];
        block.scale = scales.view({-1, 1, 1, 1});
      }
      x = blocks_[i]->forward(x, block);
    }
    return x;
  }
  [[nodiscard]] std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }

 private:
  std::vector<std::shared_ptr<ResidualBlock>> blocks_;
};

// torch.nn.Module.state_dict()'s order: a module's own parameters, its own buffers, its children.
void collect(const torch::nn::Module& module, const std::string& prefix,
             std::vector<NamedTensor>& out) {
  for (const auto& entry : module.named_parameters(/*recurse=*/false))
    out.push_back({prefix + entry.key(), entry.value()});
  for (const auto& entry : module.named_buffers(/*recurse=*/false))
    out.push_back({prefix + entry.key(), entry.value()});
  for (const auto& child : module.named_children())
    collect(*child.value(), prefix + child.key() + ".", out);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

class ResNet::Network final : public torch::nn::Module {
 public:
  explicit Network(const ModelOptions& options)
      : small_input_(options.small_input),
        freeze_batch_norm_(options.freeze_batch_norm),
        conv1_(register_module("conv1", stem(options.small_input))),
        bn1_(register_module("bn1", torch::nn::BatchNorm2d(kStemChannels))) {
    RM_REQUIRE(options.classes >= 1, ErrorKind::kInvalidArgument, "classes = ", options.classes,
               ": a model needs at least one class");
    const Architecture& architecture = find_architecture(options.name);
    if (!small_input_ && options.blur_pool == BlurPool::kAll)
      blur_max_pool_ = register_module("maxpool", std::make_shared<BlurMaxPool>());
    std::int64_t inputs = kStemChannels, planes = kStemChannels;
    for (std::size_t i = 0; i < stages_.size(); ++i, planes *= 2) {
      const auto stage = std::make_shared<Stage>(
          architecture, inputs, planes, architecture.depth[i], i == 0 ? 1 : 2, options.blur_pool);
      stages_[i] = register_module(kStageNames[i], stage);
      inputs = planes * expansion(architecture);
    }
    fc_ = register_module("fc", torch::nn::Linear(inputs, options.classes));
    initialise(options);
    train(true);
  }

  at::Tensor forward(const at::Tensor& images, const ForwardPass& pass) {
    at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast);
    x = pass.seen("conv1", conv1_->forward(x));
    x = pass.seen("bn1", bn1_->forward(x)).relu_();
    if (blur_max_pool_) x = pass.seen("maxpool", blur_max_pool_->forward(x));
    if (!small_input_ && !blur_max_pool_) x = at::max_pool2d(x, 3, 2, 1);
    std::int64_t first_block = 0;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      x = stages_[i]->forward(x, pass, kStageNames[i], first_block);
      first_block += stages_[i]->blocks();
    }
    x = at::flatten(at::adaptive_avg_pool2d(x, {1, 1}), 1);
    return pass.seen("fc", fc_->forward(x));
  }

  void train(bool on) override {
    Module::train(on);
    if (!freeze_batch_norm_) return;
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->train(false);
    }
  }

  [[nodiscard]] std::int64_t blocks() const {
    std::int64_t sum = 0;
    for (const auto& stage : stages_) sum += stage->blocks();
    return sum;
  }

 private:
  void initialise(const ModelOptions& options) {
    const at::NoGradGuard no_grad;
    InitKey key{options.seed, 0};
    for (const auto& entry : named_parameters()) {
      at::Tensor tensor = entry.value();
      if (tensor.dim() == 4) {
        tensor.set_data(tensor.contiguous(at::MemoryFormat::ChannelsLast));
        fill_kaiming_normal(tensor, key);
      } else if (entry.key().rfind("fc.", 0) == 0) {
        fill_linear_uniform(tensor, fc_->options.in_features(), key);
      }
      ++key.parameter;
    }
    if (!options.zero_init_residual) return;
    for (const auto& module : modules(/*include_self=*/false)) {
      if (const auto* block = module->as<ResidualBlock>()) block->last_norm()->weight.zero_();
    }
  }

  const bool small_input_, freeze_batch_norm_;
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  std::shared_ptr<BlurMaxPool> blur_max_pool_;  // null: the usual one
  std::array<std::shared_ptr<Stage>, 4> stages_;
  torch::nn::Linear fc_{nullptr};
};

ResNet::ResNet(const ModelOptions& options) : network_(std::make_shared<Network>(options)) {}
ResNet::~ResNet() = default;

at::Tensor ResNet::forward(const at::Tensor& images, const ForwardPass& pass) {
  RM_CHECK(images.dim() == 4 && images.size(1) == 3, "images are ", images.sizes());
  return network_->forward(images, pass);
}

void ResNet::train(bool on) {
  network_->train(on);
}

bool ResNet::is_training() const {
  return network_->is_training();
}

std::int64_t ResNet::blocks() const {
  return network_->blocks();
}

void ResNet::to(c10::Device device) {
  network_->to(device);
}

std::vector<NamedTensor> ResNet::parameters() const {
  std::vector<NamedTensor> out;
  for (const auto& entry : network_->named_parameters())
    out.push_back({entry.key(), entry.value()});
  return out;
}

std::vector<NamedTensor> ResNet::state() const {
  std::vector<NamedTensor> out;
  collect(*network_, "", out);
  return out;
}

std::shared_ptr<ResNet> make_model(const ModelOptions& options) {
  return std::make_shared<ResNet>(options);
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Architecture& entry : architectures()) names.push_back(entry.name);
  return names;
}

std::vector<NamedTensor> state(const ResNet& model) {
  return model.state();
}

std::vector<NamedTensor> parameters(const ResNet& model) {
  return model.parameters();
}

std::vector<NamedTensor> statistics(const ResNet& model) {
  std::vector<NamedTensor> out;
  for (NamedTensor& entry : model.state()) {
    if (ends_with(entry.name, ".running_mean") || ends_with(entry.name, ".running_var"))
      out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace ringmaster::model
